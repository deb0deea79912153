"""Permissions, which say what a user may do, and levels, which say which rows they may see.

A new feature adds a line to ``Permission`` and names the permission in the roles of
``accounts.roles`` that start with it; ``migrate`` grants it (see ``accounts.roles``).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(models.TextChoices):
    """A permission of roles. Views, services, API and admin check these and no others."""

    CUSTOMER_VIEW = "customer.view", _("See customers")
    CUSTOMER_EDIT = "customer.edit", _("Create and edit customers")
    CUSTOMER_REASSIGN = "customer.reassign", _("Give customers another manager or unit")
    CUSTOMER_IMPORT = "customer.import", _("Import customers")
    TRANSACTION_VIEW = "transaction.view", _("See transactions")
    TRANSACTION_IMPORT = "transaction.import", _("Import transactions")
    COMPLAINT_VIEW = "complaint.view", _("See complaints")
    COMPLAINT_WORK = "complaint.work", _("Open and work on complaints")
    SCORE_VIEW = "score.view", _("See worth and risk")
    RUN_VIEW = "run.view", _("See scoring runs")
    RUN_START = "run.start", _("Start a scoring run")
    REFERENCE_MANAGE = "reference.manage", _("Manage reference lists")
    STAFF_MANAGE = "staff.manage", _("Manage users, units and roles")
    SENSITIVE_VIEW = "sensitive.view", _("See masked fields")
    FIELD_MANAGE = "field.manage", _("Manage custom fields")
    ADMIN_ENTER = "admin.enter", _("Enter administration")
    AUDIT_VIEW = "audit.view", _("See the audit trail")


class DataAccessLevel(models.TextChoices):
    """Which rows a user may see, relative to their unit."""

    OWN = "own", _("Own customers and the unit's public pool")
    UNIT = "unit", _("The unit")
    SUBTREE = "subtree", _("The unit and everything below it")
    ALL = "all", _("The whole company")
