"""Attachments: files that belong to a record, such as a customer or a complaint.

``core.services.attachment`` adds and removes them. The demonstration company, which writes them
itself, is the only exception.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.permissions import DataAccessLevel
from accounts.scoping import NO_ROWS, ScopedModel, ScopedQuerySet, ScopedUser
from common.history import tracked
from core.files.kinds import CONTENT_TYPES, INLINE_KINDS, OCTET_STREAM, FileKind
from core.files.names import MAX_NAME_LENGTH
from core.files.records import attachment_records
from core.files.storage import STORED_NAME_PATTERN

# What was stored never changes: another content is another attachment.
IMMUTABLE_FIELDS = (
    "name", "kind", "size", "sha256", "stored_name", "added_by_id", "added_at",
)  # fmt: skip


@tracked(indexed_together=("record_type", "record_id"))
class Attachment(ScopedModel):
    """A file of a record.

    ``record_type`` is the name of a ``core.files.records.AttachmentRecords``, and ``record_id`` the
    id of the record; triggers keep both together (``core.files.integrity``). ``name`` is what users
    call the file, ``stored_name`` its place in the storage. ``size`` is in bytes. ``kind`` was
    found from the content.
    """

    record_type = models.CharField(_("record"), max_length=30)
    record_id = models.BigIntegerField(_("number of the record"))
    name = models.CharField(_("file name"), max_length=MAX_NAME_LENGTH)
    kind = models.CharField(_("kind"), max_length=20, choices=FileKind.choices)
    size = models.BigIntegerField(_("size"))
    sha256 = models.CharField("SHA-256", max_length=64)
    stored_name = models.CharField(_("stored as"), max_length=40, unique=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="attachments_added",
        verbose_name=_("added by"),
    )
    added_at = models.DateTimeField(_("added at"))

    objects = ScopedQuerySet["Attachment"].as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["record_type", "record_id", "-id"], name="core_attachment_record")
        ]
        constraints = [
            models.CheckConstraint(
                name="core_attachment_name_not_blank", condition=Q(name__regex=r"\S")
            ),
            models.CheckConstraint(
                name="core_attachment_kind_known", condition=Q(kind__in=FileKind.values)
            ),
            models.CheckConstraint(name="core_attachment_not_empty", condition=Q(size__gt=0)),
            models.CheckConstraint(
                name="core_attachment_sha256_form", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="core_attachment_stored_name_form",
                condition=Q(stored_name__regex=STORED_NAME_PATTERN),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="immutable", operation=pgtrigger.UpdateOf(*IMMUTABLE_FIELDS))
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """A file is visible to everyone who may see its record."""
        if user.access_level == DataAccessLevel.ALL:
            return Q()  # the same rows, without subqueries
        condition = NO_ROWS
        for records in attachment_records().values():
            # EXISTS reads one record for each file; IN would read all records the user may see.
            record = records.visible_to(user).filter(pk=OuterRef("record_id"))
            condition |= Q(Exists(record), record_type=records.name)
        return condition

    @property
    def may_be_shown_inline(self) -> bool:
        """Whether a browser may show the file; every other file is a download."""
        return self.kind in INLINE_KINDS

    @property
    def content_type(self) -> str:
        """The media type of responses with the content."""
        return CONTENT_TYPES.get(self.kind, OCTET_STREAM)
