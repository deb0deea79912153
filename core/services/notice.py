"""All writes to notices: consumers of events send them, recipients mark them as read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.models.notice import Notice
from core.notices.declarations import NoticeKind

BATCH_SIZE = 1000  # rows per INSERT statement
DELETE_CHUNK = 10_000  # notices in one transaction


@dataclass(frozen=True)
class NewNotice:
    """A notice to send. The fields are those of ``core.models.Notice``."""

    recipient_id: int
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    object_id: int | None = None


def send_notices(kind: NoticeKind, notices: Iterable[NewNotice]) -> None:
    """Store the notices, except those that their recipients have already (same kind and key).

    Users who have left and service accounts get none. Call it from the handler of a consumer.
    """
    new_notices = list(notices)
    recipient_ids = {notice.recipient_id for notice in new_notices}
    readers = set(
        User.objects.filter(pk__in=recipient_ids, is_active=True, is_service=False).values_list(
            "pk", flat=True
        )
    )
    Notice.objects.bulk_create(
        (
            Notice(
                recipient_id=notice.recipient_id,
                kind=kind.name,
                key=notice.key,
                values=dict(notice.values),
                object_id=notice.object_id,
            )
            for notice in new_notices
            if notice.recipient_id in readers
        ),
        batch_size=BATCH_SIZE,
        ignore_conflicts=True,
    )


def mark_notice_read(*, notice_id: int, actor: User) -> Notice:
    """Mark a notice of the actor as read, and return it; one read already is not changed.

    Raises Notice.DoesNotExist for a notice of somebody else.
    """
    with transaction.atomic():
        notice = Notice.objects.visible_to(actor).select_for_update().get(pk=notice_id)
        if notice.read_at is None:
            notice.read_at = timezone.now()
            notice.save(update_fields=["read_at"])
    return notice


def mark_all_notices_read(*, actor: User, until: int | None = None) -> int:
    """Mark the actor's notices as read and return how many were not.

    ``until`` is the id of the newest notice that the actor has seen: newer ones stay unread.
    """
    unread = Notice.objects.visible_to(actor).unread()
    if until is not None:
        unread = unread.filter(pk__lte=until)
    return unread.update(read_at=timezone.now())


def delete_old_notices(*, keep_days: int) -> int:
    """Delete the notices that were read more than so many days ago; return how many."""
    cutoff = timezone.now() - timedelta(days=keep_days)
    deleted = 0
    while True:
        chunk = Notice.objects.filter(read_at__lt=cutoff).order_by("pk").values("pk")[:DELETE_CHUNK]
        count, _by_model = Notice.objects.filter(pk__in=chunk).delete()
        deleted += count
        if count < DELETE_CHUNK:
            return deleted
