"""Finding out which program a process id belongs to, on Linux and macOS."""

import os
import subprocess
from pathlib import Path

_PROC_SELF = Path("/proc/self")  # does not exist on macOS


def command_line_of(pid: str) -> str:
    """Return the command line of the process ``pid``, or an empty text if there is none.

    On Linux the arguments are separated by NUL, on macOS by spaces: search it for one argument.
    """
    if not pid.isdigit():  # the content of a damaged pid file
        return ""
    if _PROC_SELF.exists():
        path = Path("/proc", pid, "cmdline")
        return path.read_bytes().decode(errors="replace") if path.is_file() else ""
    result = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", pid],
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={"PATH": os.defpath},
    )
    return result.stdout
