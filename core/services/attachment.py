"""Every write to attachments: add, remove.

A file is written before its row, and removed after its row is gone for good. So there is never a
row without a file. If a process is killed in between, a file without a row stays, which
``core.services.file_check`` removes at night.
"""

from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from core.files.names import clean_file_name, is_program_name
from core.files.records import AttachmentRecords
from core.files.storage import FileTooLargeError, StoredFile, remove_stored_file, store_file
from core.files.uploads import FILE_FIELD, too_large_error
from core.models import Attachment
from core.writing import get_locked

MAX_FILES = 200  # of one record


def add_attachment(
    *, records: AttachmentRecords, record_id: int, name: str, content: File[Any], actor: User
) -> Attachment:
    """Store a file of a record and return its attachment.

    ``name`` is what the user calls the file; it is cleaned. ``content`` is read in parts. Raises
    PermissionDenied; the model's DoesNotExist for a record the actor may not see; ValidationError
    under ``file`` for a file that is too large, empty or a program, and for one file too many. If
    the transaction is rolled back, the stored file is removed.
    """
    authorise(actor, records.edit_permission)
    name = clean_file_name(name)
    if is_program_name(name):
        raise _program_error(name)
    records.visible_to(actor).only("pk").get(pk=record_id)  # before anything is stored
    try:
        stored = store_file(content, max_bytes=settings.FILE_MAX_BYTES)
    except FileTooLargeError as error:
        raise too_large_error(settings.FILE_MAX_BYTES) from error
    try:
        _check_stored_file(name, stored)
        with audited_transaction(actor, Action.FILE_ADD):
            # The lock lets two uploads at once not exceed MAX_FILES together.
            record = get_locked(records.visible_to(actor), record_id)
            _check_file_count(records, record_id)
            attachment = Attachment.objects.create(
                record_type=records.name,
                record_id=record.pk,
                name=name,
                kind=stored.kind,
                size=stored.size,
                sha256=stored.sha256,
                stored_name=stored.stored_name,
                added_by=actor,
                added_at=timezone.now(),
            )
    except BaseException:
        remove_stored_file(stored.stored_name)
        raise
    return attachment


def remove_attachment(
    *, records: AttachmentRecords, record_id: int, attachment_id: int, actor: User
) -> Attachment:
    """Remove a file of a record, and return its attachment as it was.

    Raises PermissionDenied; the model's DoesNotExist for a record the actor may not see;
    Attachment.DoesNotExist if the record has no such file, for example because another user has
    removed it.
    """
    authorise(actor, records.edit_permission)
    with audited_transaction(actor, Action.FILE_REMOVE):
        record = get_locked(records.visible_to(actor), record_id)
        files = Attachment.objects.filter(record_type=records.name, record_id=record.pk)
        attachment = get_locked(files, attachment_id)
        files.filter(pk=attachment.pk).delete()
        transaction.on_commit(partial(remove_stored_file, attachment.stored_name))
    return attachment


def _program_error(name: str) -> ValidationError:
    message = _("“%(name)s” is a program or script. Programs are not stored here.")
    return ValidationError({FILE_FIELD: message % {"name": name}})


def _check_stored_file(name: str, stored: StoredFile) -> None:
    if not stored.size:
        raise ValidationError({FILE_FIELD: _("The file is empty.")})
    if stored.is_program:
        raise _program_error(name)


def _check_file_count(records: AttachmentRecords, record_id: int) -> None:
    files = Attachment.objects.filter(record_type=records.name, record_id=record_id)
    if files.count() >= MAX_FILES:
        message = _("There are %(count)d files here already. Remove one first.")
        raise ValidationError({FILE_FIELD: message % {"count": MAX_FILES}})
