"""Find a Python that is new enough and let it install what the project needs.

This file alone has to be understood by old Pythons: it is what tells their users so.
"""

import os
import shutil
import sys
from pathlib import Path

LEAST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")


def main() -> None:
    """Become ``scripts/install.py`` under a Python that is new enough, or exit with code 1."""
    python = sys.executable if sys.version_info >= LEAST else newer_python()
    if not python:
        sys.exit(
            f"Python {LEAST[0]}.{LEAST[1]} or newer is needed; this is {sys.version.split()[0]} "
            f"({sys.executable}). Install a newer one and run the command again."
        )
    script = str(Path(__file__).resolve().with_name("install.py"))
    os.execv(python, [python, script, *sys.argv[1:]])  # noqa: S606


def newer_python() -> str:
    """Return the path of a newer Python on this machine, or an empty text."""
    found = (shutil.which(name) for name in NEWER)
    return next((path for path in found if path and works(path)), "")


def works(path: str) -> bool:
    """Tell whether the Python at ``path`` runs (version managers leave stand-ins that do not)."""
    return os.system(f'"{path}" -c "import venv" 2>/dev/null') == 0  # noqa: S605


if __name__ == "__main__":
    main()
