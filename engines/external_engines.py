"""Reads DATABASE_URL and REDIS_URL, the addresses of servers that the project does not start.

The engines run without Django, so this reads ``.env`` itself; ``config.env`` reads it for settings.
"""

import os
from pathlib import Path


def read_variable(name: str, project: Path) -> str:
    """Return the variable ``name`` from the environment, else from the ``.env`` of ``project``.

    Returns an empty text if it is set in neither.
    """
    return os.environ.get(name, "").strip() or _read_from_file(name, project / ".env")


def _read_from_file(name: str, path: Path) -> str:
    if not path.is_file():
        return ""
    for line in path.read_text(encoding="utf-8").splitlines():
        key, separator, text = line.strip().removeprefix("export ").partition("=")
        if separator and key.strip() == name:
            return text.strip().strip("'\"")
    return ""
