"""Which of the installed browser packages' files are served.

The packages bring hundreds of files, some of which name others that they do not bring, and then
``collectstatic`` refuses them all. ``VENDOR_FILES`` in settings names the few that pages use.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder


class ChosenFilesFinder(FileSystemFinder):
    """The project's own files, and of the packages' files those that are named."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        """Yield what ``collectstatic`` gathers, as pairs of path and storage."""
        for path, storage in super().list(ignore_patterns):
            if _served(storage.prefix, path):
                yield path, storage

    def find_location(self, root: str, path: str, prefix: str | None = None) -> str | None:
        """Return where a file lies, or None when it is not served."""
        inside = path.removeprefix(f"{prefix}/") if prefix else path
        return super().find_location(root, path, prefix) if _served(prefix, inside) else None


def _served(prefix: str | None, path: str) -> bool:
    return not prefix or f"{prefix}/{path}" in settings.VENDOR_FILES
