"""The static files finder, which serves only the listed files of the browser packages.

The packages contain hundreds of files. Some refer to files that are missing from the package, on
which ``collectstatic`` fails. ``VENDOR_FILES`` in the settings lists the few that pages use.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder


class ListedVendorFilesFinder(FileSystemFinder):
    """Finds all files of the project, and the files of the packages that VENDOR_FILES lists."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        """Yield the files that ``collectstatic`` collects, as pairs of path and storage."""
        for path, storage in super().list(ignore_patterns):
            if _is_served(storage.prefix, path):
                yield path, storage

    def find_location(self, root: str, path: str, prefix: str | None = None) -> str | None:
        """Return the location of a file, or None if it is not served."""
        file_path = path.removeprefix(f"{prefix}/") if prefix else path
        return super().find_location(root, path, prefix) if _is_served(prefix, file_path) else None


def _is_served(prefix: str | None, path: str) -> bool:
    return not prefix or f"{prefix}/{path}" in settings.VENDOR_FILES
