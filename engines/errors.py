"""One clear line instead of a traceback."""

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
def explain(folder: Path) -> Iterator[None]:
    """Turn an operating system error about our own files into an EngineError."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        remedy = _REMEDIES.get(error.errno or 0, "")
        message = f"Cannot use {where}: {error.strerror or error}. {remedy}".rstrip()
        raise EngineError(message) from error


def reason(output: str) -> str:
    """Return the line of an engine's output that tells most: the first fatal one, or the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for word in ("No space left", "PANIC:", "FATAL:", "error:", "ERROR:", "could not"):
        for line in lines:
            if word in line:
                return line
    return lines[-1] if lines else "no message"


def remedy(output: str) -> str:
    """Return what to do about a failure, judged by the engine's output."""
    if "No space left" in output:
        return _REMEDIES[errno.ENOSPC]
    return "Look into the log; if the data may go, remove the log's folder and start again."
