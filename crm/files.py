"""The files of customers."""

from accounts.permissions import Permission
from core.files.records import AttachmentRecords
from crm.models import Customer

CUSTOMER_FILES = AttachmentRecords(
    name="customer",
    model=Customer,
    visible_to=Customer.objects.visible_to,
    view_permission=Permission.CUSTOMER_VIEW,
    edit_permission=Permission.CUSTOMER_EDIT,
    url_name="customer",
    path="customers",
)
