"""Find a Python that is new enough and run ``scripts/install.py`` with it.

The commands of the Makefile run this first. It must also run on old Pythons, because it tells their
users to install a newer one.
"""

import os
import shutil
import sys
from pathlib import Path

MIN_VERSION = (3, 11)
PYTHON_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")


def main() -> None:
    """Replace this process by ``scripts/install.py``; exit with code 1 without a new Python."""
    python = sys.executable if sys.version_info >= MIN_VERSION else find_newer_python()
    if not python:
        sys.exit(
            f"Python {MIN_VERSION[0]}.{MIN_VERSION[1]} or newer is needed; this is "
            f"{sys.version.split()[0]} ({sys.executable}). "
            "Install a newer one and run the command again."
        )
    script = str(Path(__file__).resolve().with_name("install.py"))
    os.execv(python, [python, script, *sys.argv[1:]])  # noqa: S606


def find_newer_python() -> str:
    """Return the path of a Python on this machine that is new enough, or an empty text."""
    paths = (shutil.which(name) for name in PYTHON_NAMES)
    return next((path for path in paths if path and can_run(path)), "")


def can_run(path: str) -> bool:
    """Return whether the Python at ``path`` runs and can make virtual environments.

    The program can be a placeholder of a version manager, which only prints an error.
    """
    return os.system(f'"{path}" -c "import venv" 2>/dev/null') == 0  # noqa: S605


if __name__ == "__main__":
    main()
