"""The files of customers and interactions."""

from accounts.permissions import Permission
from core.files.records import AttachmentRecords
from crm.models import Customer, Interaction

CUSTOMER_FILES = AttachmentRecords(
    name="customer",
    model=Customer,
    visible_to=Customer.objects.visible_to,
    view_permission=Permission.CUSTOMER_VIEW,
    edit_permission=Permission.CUSTOMER_EDIT,
    url_name="customer",
    path="customers",
)
INTERACTION_FILES = AttachmentRecords(
    name="interaction",
    model=Interaction,
    visible_to=Interaction.objects.visible_to,
    view_permission=Permission.INTERACTION_VIEW,
    edit_permission=Permission.INTERACTION_LOG,
    url_name="interaction",
    path="interactions",
)
