"""The static files finder, which finds only the listed files of the browser packages.

The packages in ``node_modules`` contain hundreds of files. Some refer to files that are missing
from the package, on which ``collectstatic`` fails. ``VENDOR_FILES`` in the settings lists the few
files that pages use, for example ``vendor/htmx/htmx.min.js``.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder


class ListedVendorFilesFinder(FileSystemFinder):
    """Finds all files of the project's folder ``static`` and the files that VENDOR_FILES lists.

    The setting STATICFILES_DIRS gives each package a prefix such as ``vendor/htmx``; the project's
    own folder has none.
    """

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        """Yield the files that ``collectstatic`` collects, as pairs of path and storage."""
        for path, storage in super().list(ignore_patterns):
            if _is_served(storage.prefix, path):
                yield path, storage

    def find_location(self, root: str, path: str, prefix: str | None = None) -> str | None:
        """Return the location of a file, or None if it does not exist or is not listed.

        ``path`` begins with ``prefix``.
        """
        file_path = path.removeprefix(f"{prefix}/") if prefix else path
        return super().find_location(root, path, prefix) if _is_served(prefix, file_path) else None


def _is_served(prefix: str | None, path: str) -> bool:
    """Return whether the file may be found. ``path`` is without ``prefix``."""
    return not prefix or f"{prefix}/{path}" in settings.VENDOR_FILES
