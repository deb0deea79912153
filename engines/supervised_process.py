"""Run a server (or another command), and stop it when its launcher ends.

Usage: ``python engines/supervised_process.py LOCK -- COMMAND``.

The launcher is ``engines/launch.py``. It holds a lock on the file LOCK, which the kernel releases
even if the launcher is killed. Watching the parent process id would not work: the parent is a
process of honcho, which outlives the launcher. When this process receives a signal or the launcher
has ended, the server gets SIGTERM (finish the work), then SIGQUIT (a Celery worker stops now and
returns its work to the queue), then SIGKILL together with all its children.

It runs as a script, so that the supervisors of the four processes do not import the application.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

# How long to wait after SIGTERM, and after SIGQUIT and SIGKILL. launch.SECONDS_TO_STOP has to be
# more than their sum, 10 + 5 + 5.
SECONDS_TO_FINISH = 10
SECONDS_TO_STOP = 5
SECONDS_BETWEEN_CHECKS = 0.5  # of the lock


def main() -> int:
    """Run the command; return its exit code, or 128 + number if a signal ended it."""
    lock, separator, *command = sys.argv[1:]
    if separator != "--" or not command:
        sys.exit("usage: python engines/supervised_process.py LOCK -- COMMAND ...")
    # The server gets a process group of its own. Ctrl-C in the terminal does not reach that group,
    # and ``stop_server`` can kill what the server leaves behind in it.
    server = subprocess.Popen(command, start_new_session=True)
    received_signals: list[int] = []

    def remember_signal(number: int, _frame: FrameType | None) -> None:
        received_signals.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, remember_signal)
    while not received_signals and not wait_for_end(server, SECONDS_BETWEEN_CHECKS):
        if has_launcher_ended(Path(lock)):
            break
    return stop_server(server)


def has_launcher_ended(lock: Path) -> bool:
    """Return whether no process holds the lock.

    To find out, this takes a shared lock and releases it at once. A lock file that cannot be opened
    counts as released.
    """
    try:
        with lock.open("r+b") as handle:
            fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def wait_for_end(server: subprocess.Popen[bytes], timeout_seconds: float) -> bool:
    """Wait up to ``timeout_seconds`` and return whether the server has ended."""
    try:
        server.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def stop_server(server: subprocess.Popen[bytes]) -> int:
    """Stop the server with stronger and stronger signals; return its exit code.

    Processes that the server leaves behind are killed.
    """
    for number, timeout_seconds in (
        (signal.SIGTERM, SECONDS_TO_FINISH),
        (signal.SIGQUIT, SECONDS_TO_STOP),
        (signal.SIGKILL, SECONDS_TO_STOP),
    ):
        # Only the server gets the signal; it stops its own worker processes.
        if server.poll() is None:
            server.send_signal(number)
            wait_for_end(server, timeout_seconds)
    # If the group is empty, Linux raises ProcessLookupError and macOS PermissionError.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    exit_code = server.returncode
    if exit_code is None:  # even SIGKILL did not end it in time
        return 1
    # Popen reports the end by signal n as -n.
    return exit_code if exit_code >= 0 else 128 - exit_code


if __name__ == "__main__":
    sys.exit(main())
