"""Files of jobs: what users upload for a job, and what a job makes for them.

They lie in the folder ``settings.JOB_FILES_DIR`` under names of our own, and are deleted some days
after the job (``core.services.job_recovery``).
"""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

_STORED_NAME = re.compile(r"[0-9a-f]{32}\.[a-z0-9]{1,8}")


def new_file(suffix: str) -> tuple[str, Path]:
    """Return a new name, ending in ``suffix`` ("csv"), and its path; the folder is made."""
    name = f"{uuid.uuid4().hex}.{suffix}"
    folder = Path(settings.JOB_FILES_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return name, folder / name


def path_of(name: str) -> Path:
    """Return the path of a stored file; raise ValueError for a name that is not one of ours."""
    if not _STORED_NAME.fullmatch(name):
        raise ValueError(name)
    return Path(settings.JOB_FILES_DIR) / name


def delete_file(name: str) -> None:
    """Delete a stored file; do nothing if it is gone."""
    path_of(name).unlink(missing_ok=True)


def stored_files() -> Iterator[Path]:
    """Yield the paths of all stored files."""
    folder = Path(settings.JOB_FILES_DIR)
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if _STORED_NAME.fullmatch(path.name))
