"""Who uses the engines: locks that the kernel drops when their holder is gone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


@contextmanager
def starting(folder: Path) -> Iterator[None]:
    """Be the only one who starts or stops the engines of ``folder``."""
    with _open(folder / "starting.lock") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Share:
    """One user's hold on the engines of ``folder``; taken and given up inside ``starting``."""

    def __init__(self, folder: Path) -> None:
        self._handle = _open(folder / "engines.lock")
        fcntl.flock(self._handle, fcntl.LOCK_SH)
        # A forked child must not keep the engines in use after its parent has been killed.
        os.register_at_fork(after_in_child=self._handle.close)

    def is_last(self) -> bool:
        """Tell whether nobody else uses the engines now."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give up the hold."""
        self._handle.close()
