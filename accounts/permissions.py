"""Permissions say what a user may do; data access levels say which rows they may see.

A role has any number of permissions and one level. A new feature adds a line to ``Permission`` and
names it in the starting roles that get it (``accounts.roles``); ``migrate`` then grants it.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(models.TextChoices):
    """What the users of a role may do. Django's own permissions and groups are not used.

    Roles store the values, so a value never changes.
    """

    CUSTOMER_VIEW = "customer.view", _("See customers")
    CUSTOMER_EDIT = "customer.edit", _("Create and edit customers")
    CUSTOMER_REASSIGN = "customer.reassign", _("Give customers another manager or unit")
    CUSTOMER_IMPORT = "customer.import", _("Import customers")
    TRANSACTION_VIEW = "transaction.view", _("See transactions")
    TRANSACTION_IMPORT = "transaction.import", _("Import transactions")
    INTERACTION_VIEW = "interaction.view", _("See interactions")
    INTERACTION_LOG = "interaction.log", _("Log interactions, and change one's own")
    INTERACTION_MANAGE = "interaction.manage", _("Log for others, and change their interactions")
    INTERACTION_IMPORT = "interaction.import", _("Import interactions")
    COMPLAINT_VIEW = "complaint.view", _("See complaints")
    COMPLAINT_WORK = "complaint.work", _("Open and work on complaints")
    SCORE_VIEW = "score.view", _("See worth and risk")
    RUN_VIEW = "run.view", _("See scoring runs")
    RUN_START = "run.start", _("Start a scoring run")
    REFERENCE_MANAGE = "reference.manage", _("Manage reference lists")
    STAFF_MANAGE = "staff.manage", _("Manage users, units and roles")
    SENSITIVE_VIEW = "sensitive.view", _("See masked fields")
    FIELD_MANAGE = "field.manage", _("Manage custom fields")
    JOB_CANCEL = "job.cancel", _("Cancel jobs of others")
    EVENT_MANAGE = "event.manage", _("See events and retry their consumers")
    ADMIN_ENTER = "admin.enter", _("Enter administration")
    AUDIT_VIEW = "audit.view", _("See the audit trail")


class DataAccessLevel(models.TextChoices):
    """Which rows a user may see, relative to their unit.

    What a level means for a model is defined by the model's ``visibility_filter``.
    """

    OWN = "own", _("Own customers and the unit's public pool")
    UNIT = "unit", _("The unit")
    SUBTREE = "subtree", _("The unit and everything below it")
    ALL = "all", _("The whole company")
