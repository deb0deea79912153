"""The record types whose records have files, from ``settings.ATTACHMENT_RECORDS``."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Model

from accounts.permissions import Permission
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser
from common.loading import import_by_name


@dataclass(frozen=True)
class AttachmentRecords:
    """A model whose records have files; pages, API, history and visibility read it.

    A file is seen by the users who see its record and hold ``view_permission``. Users who also hold
    ``edit_permission`` add and remove files.
    """

    name: str  # such as "customer"; ``Attachment.record_type`` has the same
    model: type[ScopedModel]
    visible_to: Callable[[ScopedUser], ScopedQuerySet[Any]]  # ``Model.objects.visible_to``
    view_permission: Permission
    edit_permission: Permission
    url_name: str  # of the record's page, whose only argument is the id
    path: str  # of the records in URLs of pages and API: "customers"

    @property
    def label(self) -> str:
        """The word for one record, in the active language."""
        return str(self.model._meta.verbose_name)  # noqa: SLF001 (Django documents _meta)


@cache
def attachment_records() -> dict[str, AttachmentRecords]:
    """Return the record types with files, by name; raise ImportError or TypeError for a wrong path.

    They are loaded once per process.
    """
    return import_by_name(settings.ATTACHMENT_RECORDS, AttachmentRecords)


def attachment_records_of(model: type[Model]) -> AttachmentRecords | None:
    """Return the declaration of a model; None if its records have no files."""
    for records in attachment_records().values():
        if records.model is model:
            return records
    return None
