"""What else runs on this machine."""

import os
import subprocess
from pathlib import Path

_LISTED = Path("/proc/self")


def command_of(pid: str) -> str:
    """Return the command line of the process ``pid``, or an empty text if there is none."""
    if not pid.isdigit():
        return ""
    if _LISTED.exists():
        path = Path("/proc", pid, "cmdline")
        return path.read_bytes().decode(errors="replace") if path.is_file() else ""
    asked = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", pid],
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={"PATH": os.defpath},
    )
    return asked.stdout
