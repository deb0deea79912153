"""The actions that history records, with the labels that its pages show.

A writing service passes one to ``accounts.acting.audited_transaction``.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import INSTALL_ACTION


class Action(models.TextChoices):
    """What a user did, as ``noun.verb``. A new feature adds its actions here.

    History stores the values, so a value never changes.
    """

    CUSTOMER_CREATE = "customer.create", _("Create customer")
    CUSTOMER_UPDATE = "customer.update", _("Edit customer")
    CUSTOMER_IMPORT = "customer.import", _("Import customers")
    TRANSACTION_IMPORT = "transaction.import", _("Import transactions")
    INTERACTION_LOG = "interaction.log", _("Log interaction")
    INTERACTION_UPDATE = "interaction.update", _("Edit interaction")
    INTERACTION_DELETE = "interaction.delete", _("Delete interaction")
    INTERACTION_IMPORT = "interaction.import", _("Import interactions")
    COMPLAINT_OPEN = "complaint.open", _("Open complaint")
    COMPLAINT_COMMENT = "complaint.comment", _("Comment on complaint")
    COMPLAINT_CLOSE = "complaint.close", _("Close complaint")
    COMPLAINT_REOPEN = "complaint.reopen", _("Reopen complaint")
    FILE_ADD = "file.add", _("Add file")
    FILE_REMOVE = "file.remove", _("Remove file")
    REFERENCE_CREATE = "reference.create", _("Add list entry")
    REFERENCE_UPDATE = "reference.update", _("Change list entry")
    REFERENCE_DELETE = "reference.delete", _("Delete list entry")
    CUSTOM_FIELD_CREATE = "custom_field.create", _("Add custom field")
    CUSTOM_FIELD_UPDATE = "custom_field.update", _("Change custom field")
    USER_CREATE = "user.create", _("Open account")
    USER_UPDATE = "user.update", _("Change account")
    PROFILE_UPDATE = "profile.update", _("Change own profile")
    UNIT_CREATE = "unit.create", _("Create unit")
    UNIT_UPDATE = "unit.update", _("Change unit")
    ROLE_CREATE = "role.create", _("Create role")
    ROLE_UPDATE = "role.update", _("Change role")
    KEY_ISSUE = "key.issue", _("Issue API key")
    KEY_REVOKE = "key.revoke", _("Revoke API key")
    JOB_REQUEST = "job.request", _("Request job")
    JOB_EXECUTE = "job.execute", _("Execute job")
    JOB_CANCEL = "job.cancel", _("Cancel job")
    RUN_REQUEST = "run.request", _("Request scoring run")
    RUN_EXECUTE = "run.execute", _("Execute scoring run")
    CONSUMER_RETRY = "consumer.retry", _("Retry event consumer")
    LIST_EDIT = "list.edit", _("Bulk edit")
    VIEW_CREATE = "view.create", _("Save view")
    VIEW_UPDATE = "view.update", _("Change view")
    VIEW_DELETE = "view.delete", _("Delete view")
    VIEW_DEFAULT = "view.default", _("Choose default view")
    DEMO_CREATE = "demo.create", _("Create demonstration data")
    # A data migration. common.history records this action and cannot import this class.
    SYSTEM_INSTALL = INSTALL_ACTION, _("Installation")
