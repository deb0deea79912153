"""Progress reports of a running import."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ImportStep(TextChoices):
    """The step an import is at, in this order."""

    READ = "read", _("Reading")
    CHECK = "check", _("Checking")
    WRITE = "write", _("Writing")
    VACUUM = "vacuum", _("Tidying up")


@dataclass(frozen=True)
class ImportProgress:
    """Rows and bytes read so far; ``size`` is the source's size in bytes, None if unknown.

    After the step READ they are those of the whole source.
    """

    step: ImportStep
    rows: int
    bytes_read: int
    size: int | None


ProgressReporter = Callable[[ImportProgress], None]


def ignore_progress(_progress: ImportProgress) -> None:
    """Report nothing: the default of all imports."""
