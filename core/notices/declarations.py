"""What kinds of notices there are, and what each says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from accounts.models import User


@dataclass(frozen=True)
class NoticeDetails:
    """What the text and the link of a notice are made of.

    ``actor`` is the name of the user ``values["actor"]``, blank if there is none. ``record`` is
    the record that the notice is about; None if there is none, or if the reader may not see it.
    """

    reader: User
    values: Mapping[str, Any]
    actor: str
    record: Any


@dataclass(frozen=True)
class NoticeKind:
    """A kind of notice, listed in ``settings.NOTICE_KINDS``.

    ``text`` returns the sentence in the active language. It must not name a record that is None:
    the notice outlives the reader's access to the record. ``url`` returns the address it links
    to, blank for none. ``records`` returns the records that the reader may see, among which
    ``Notice.object_id`` is looked up when the notice is shown.
    """

    name: str
    icon: str  # the name of an SVG file in ``settings.ICON_DIR``, without ``.svg``
    text: Callable[[NoticeDetails], str]
    url: Callable[[NoticeDetails], str]
    records: Callable[[User], QuerySet[Any]] | None = None

    def visible_records(self, user: User, ids: set[int]) -> Mapping[int, Model]:
        """Return the records with these ids that the user may see, by id."""
        if self.records is None or not ids:
            return {}
        return {record.pk: record for record in self.records(user).filter(pk__in=ids)}
