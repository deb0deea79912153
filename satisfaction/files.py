"""The files of complaints."""

from accounts.permissions import Permission
from core.files.records import AttachmentRecords
from satisfaction.models import Complaint

COMPLAINT_FILES = AttachmentRecords(
    name="complaint",
    model=Complaint,
    visible_to=Complaint.objects.visible_to,
    view_permission=Permission.COMPLAINT_VIEW,
    edit_permission=Permission.COMPLAINT_WORK,
    url_name="complaint",
    path="complaints",
)
