"""The error of the engines, whose message is one line that says what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space and try again.",
    errno.EDQUOT: "The disk quota is used up: free some space and try again.",
    errno.EACCES: "It belongs to another user: run as that user, or remove it to start afresh.",
    errno.EPERM: "It belongs to another user: run as that user, or remove it to start afresh.",
    errno.EROFS: "The disk is read-only: put the project on one that can be written.",
}


class EngineError(Exception):
    """An engine cannot run; the message says what happened, where to look and what to do."""


@contextmanager
def os_errors_as_engine_errors(folder: Path) -> Iterator[None]:
    """Raise EngineError in place of an OSError inside the block.

    ``folder`` is named in the message if the error names no file.
    """
    try:
        yield
    except OSError as error:
        path = error.filename or folder
        remedy = _REMEDIES.get(error.errno or 0, "")
        message = f"Cannot use {path}: {error.strerror or error}. {remedy}".rstrip()
        raise EngineError(message) from error


def find_error_line(output: str) -> str:
    """Return the line of a program's output that best says why it failed.

    The markers are tried in order, because "No space left" and PANIC say more than the lines that
    follow from them. Without any marker, the last line is returned.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for marker in ("No space left", "PANIC:", "FATAL:", "error:", "ERROR:", "could not"):
        for line in lines:
            if marker in line:
                return line
    return lines[-1] if lines else "no message"


def suggest_remedy(output: str) -> str:
    """Return what a person can do about a program that failed and printed ``output``."""
    if "No space left" in output:
        return _REMEDIES[errno.ENOSPC]
    return "Look into the log; if the data may go, remove the log's folder and start again."
