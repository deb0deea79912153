"""Run a server for as long as its launcher lives.

Usage: ``python engines/supervised_process.py LOCK -- COMMAND``.

The launcher holds a lock on the file LOCK that the kernel drops when it dies, however it dies. The
parent's number would not do: between launcher and server stands a process of honcho that outlives
the launcher. Asked to end, or with the launcher gone, the server is asked to finish (SIGTERM), then
to stop at once and give its work back (SIGQUIT), and in the end killed with all its children.

Run by its path, so that four small processes do not load the whole application.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

SECONDS_TO_FINISH = 10
SECONDS_TO_STOP = 5
SECONDS_BETWEEN_LOOKS = 0.5


def main() -> int:
    """Run the command; return its exit code."""
    lock, separator, *command = sys.argv[1:]
    if separator != "--" or not command:
        sys.exit("usage: python engines/supervised_process.py LOCK -- COMMAND ...")
    # A group of its own: SIGTERM must reach the server alone, not its workers at the same time.
    server = subprocess.Popen(command, start_new_session=True)
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)
    while not asked and not ended(server, SECONDS_BETWEEN_LOOKS):
        if launcher_is_gone(Path(lock)):
            break
    return end(server)


def launcher_is_gone(lock: Path) -> bool:
    """Tell whether nobody holds the lock any more."""
    try:
        with lock.open("r+b") as handle:
            fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def ended(server: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait up to ``seconds``; tell whether the server has ended."""
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def end(server: subprocess.Popen[bytes]) -> int:
    """End the server, each time with less patience, and whatever it leaves behind."""
    for number, patience in (
        (signal.SIGTERM, SECONDS_TO_FINISH),
        (signal.SIGQUIT, SECONDS_TO_STOP),
        (signal.SIGKILL, SECONDS_TO_STOP),
    ):
        if server.poll() is None:
            server.send_signal(number)
            wait_in_pieces(server, patience)
    # Where nothing is left of the group, Linux knows no such process and macOS refuses.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    code = server.returncode
    return 1 if code is None else code if code >= 0 else 128 - code


def wait_in_pieces(server: subprocess.Popen[bytes], patience: float) -> None:
    """Wait for the server's end, at most ``patience`` seconds."""
    limit = time.monotonic() + patience
    while time.monotonic() < limit and not ended(server, 0.1):
        pass


if __name__ == "__main__":
    sys.exit(main())
