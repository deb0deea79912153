"""File locks that say which processes use the engines, and which one starts or stops them.

The kernel releases the locks when a process ends, even if it is killed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


@contextmanager
def start_stop_lock(folder: Path) -> Iterator[None]:
    """Hold the lock under which one process at a time starts or stops the engines of ``folder``.

    ``folder`` is the ``state_folder`` of a DataDirectory. Waits while another process holds it.
    """
    with _open(folder / "starting.lock") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class UsageLock:
    """A shared lock that says that this process uses the engines of ``folder``.

    The constructor takes the lock. Create it, call ``is_last_user`` and release it inside
    ``start_stop_lock``, so that no other process starts to use the engines while they are stopped.
    """

    def __init__(self, folder: Path) -> None:
        self._handle = _open(folder / "engines.lock")
        fcntl.flock(self._handle, fcntl.LOCK_SH)
        # Without this a forked child would keep the lock after its parent has been killed.
        os.register_at_fork(after_in_child=self._handle.close)

    def is_last_user(self) -> bool:
        """Return whether no other process uses the engines.

        Call this only just before ``release``: it tries to make the lock exclusive, and the shared
        lock is lost if that fails.
        """
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Release the lock, by closing its file."""
        self._handle.close()
