"""Reading a user's notices: how many are unread, and what each says."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.acting import user_names
from accounts.models import User
from accounts.scoping import ScopedUser
from core.models.notice import Notice, NoticeQuerySet
from core.notices.declarations import NoticeDetails
from core.notices.registry import notice_kinds

MAX_COUNTED = 100  # unread notices; so many or more are shown as "99+"


@dataclass(frozen=True)
class ShownNotice:
    """A notice in the active language."""

    id: int
    kind: str
    icon: str
    text: str
    url: str  # blank if it links to nothing, or to a record the reader may no longer see
    created_at: datetime
    read_at: datetime | None


def own_notices(user: ScopedUser) -> NoticeQuerySet:
    """Return the user's notices of known kinds, newest first.

    A kind that the settings no longer name has no text.
    """
    return Notice.objects.visible_to(user).filter(kind__in=notice_kinds()).order_by("-pk")


def unread_count_text(user: User) -> str:
    """Return how many notices the user has not read, as the bell shows it; blank for none.

    Takes one query.
    """
    count = own_notices(user).unread()[:MAX_COUNTED].count()
    if count >= MAX_COUNTED:
        return f"{MAX_COUNTED - 1}+"
    return str(count) if count else ""


def show_notices(user: User, notices: Sequence[Notice]) -> list[ShownNotice]:
    """Return what the notices say to ``user``, whose notices they are.

    Takes one query for the names of actors, and one for the records of each kind.
    """
    ids_by_kind: dict[str, set[int]] = defaultdict(set)
    for notice in notices:
        if notice.object_id is not None:
            ids_by_kind[notice.kind].add(notice.object_id)
    kinds = notice_kinds()
    records = {kind: kinds[kind].visible_records(user, ids) for kind, ids in ids_by_kind.items()}
    actor_ids = {notice.values["actor"] for notice in notices if "actor" in notice.values}
    names = user_names(actor_ids) if actor_ids else {}
    shown = []
    for notice in notices:
        kind = kinds[notice.kind]
        details = NoticeDetails(
            reader=user,
            values=notice.values,
            actor=names.get(notice.values.get("actor", 0), ""),
            record=records.get(notice.kind, {}).get(notice.object_id or 0),
        )
        shown.append(
            ShownNotice(
                id=notice.pk,
                kind=kind.name,
                icon=kind.icon,
                text=kind.text(details),
                url=kind.url(details),
                created_at=notice.created_at,
                read_at=notice.read_at,
            )
        )
    return shown
