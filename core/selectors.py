"""Reads of files of records, which their pages and the API share; the user comes first."""

from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.scoping import ScopedQuerySet
from core.files.records import AttachmentRecords
from core.models import Attachment, Job
from core.models.job import ACTIVE_JOB_STATES

SHOWN_FILES = 5  # by the panel; the others are unfolded


def attachments_of(
    user: User, records: AttachmentRecords, record_id: int
) -> ScopedQuerySet[Attachment]:
    """Return the files of a record that the user may see, the latest first.

    The user who added each comes with the same query. Permissions are not checked.
    """
    files = Attachment.objects.visible_to(user).filter(
        record_type=records.name, record_id=record_id
    )
    return files.select_related("added_by").order_by("-pk")


def files_panel(user: User, records: AttachmentRecords, record_id: int) -> dict[str, Any]:
    """Return the context of the template ``core/files/panel.html``. Takes one query."""
    attachments = list(attachments_of(user, records, record_id))
    return {
        "records": records,
        "record_id": record_id,
        "file_count": len(attachments),
        "latest_files": attachments[:SHOWN_FILES],
        "other_files": attachments[SHOWN_FILES:],
        "may_edit_files": user.may(records.edit_permission),
        "max_bytes": settings.FILE_MAX_BYTES,
    }


def own_active_jobs(user: User) -> list[Job]:
    """Return the user's own jobs that are queued or running, the oldest first."""
    jobs = Job.objects.visible_to(user)
    return list(jobs.filter(actor=user, state__in=ACTIVE_JOB_STATES).order_by("pk"))
