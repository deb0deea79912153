"""The nightly check of stored files: files without a row, and rows without a file.

A file without a row is left by a killed process, by a rollback around ``add_attachment``, or by the
erasure of a record, which deletes its rows in the database. It is removed after a day, because the
transaction of a younger file may still be open. A row without a file means that the folder was
damaged or restored from an older backup; only the log can say so.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from core.files.storage import FOLDERS, file_storage, is_stored_name, remove_stored_file
from core.models import Attachment

logger = logging.getLogger(__name__)

MIN_AGE = timedelta(days=1)  # of a file without a row that is removed
# More strays than both limits allow mean that the database and the folder do not belong together,
# for example because one of them was restored from a backup. Then nothing is removed.
MAX_STRAYS = 100
MAX_STRAY_SHARE = 0.1  # of all files


@dataclass
class FileCheck:
    """What the check found."""

    files: int = 0  # in the storage
    strays: list[str] = field(default_factory=list)  # stored names of old files without a row
    missing_ids: list[int] = field(default_factory=list)  # of attachments without a file

    @property
    def has_too_many_strays(self) -> bool:
        """Whether the storage seems to be that of another database."""
        return len(self.strays) > max(MAX_STRAYS, self.files * MAX_STRAY_SHARE)


def check_stored_files() -> FileCheck:
    """Compare files and rows folder by folder, remove the strays, log what is wrong; return it.

    It takes one or two queries for each of the 256 folders of the storage.
    """
    check = FileCheck()
    removable_before = timezone.now() - MIN_AGE
    for folder in FOLDERS:
        _check_folder(folder, check, removable_before)
    for attachment_id in check.missing_ids:
        logger.error("the file of attachment %d is missing in the storage", attachment_id)
    if check.has_too_many_strays:
        logger.error(
            "%d of %d stored files have no row, nothing was removed: is FILES_DIR that of this"
            " database?",
            len(check.strays),
            check.files,
        )
        return check
    for stored_name in check.strays:
        remove_stored_file(stored_name)
        logger.info("removed the stray file %s", stored_name)
    return check


def _check_folder(folder: str, check: FileCheck, removable_before: datetime) -> None:
    # The rows are read first: a file that is added meanwhile has no row here, but it is young. One
    # that is removed meanwhile has a row here, so rows without a file are read a second time.
    rows = Attachment.objects.filter(stored_name__startswith=f"{folder}/")
    ids_by_name = dict(rows.values_list("stored_name", "pk"))
    stored_names = set(_stored_names(folder))
    check.files += len(stored_names)
    check.strays += [
        name
        for name in sorted(stored_names - ids_by_name.keys())
        if _is_older(name, removable_before)
    ]
    missing = [ids_by_name[name] for name in sorted(ids_by_name.keys() - stored_names)]
    if missing:
        check.missing_ids += rows.filter(pk__in=missing).values_list("pk", flat=True)


def _stored_names(folder: str) -> Iterator[str]:
    """Yield the names of the files in a folder; files of other names are left alone."""
    try:
        _folders, names = file_storage().listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in names if is_stored_name(f"{folder}/{name}"))


def _is_older(stored_name: str, moment: datetime) -> bool:
    try:
        return file_storage().get_modified_time(stored_name) < moment
    except FileNotFoundError:  # removed meanwhile
        return False
