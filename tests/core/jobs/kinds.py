"""Kinds of jobs for the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from core.jobs.declarations import JobKind
from core.jobs.registry import job_kinds


@contextmanager
def declared(*kinds: JobKind) -> Iterator[None]:
    """Let the product have these kinds besides its own."""
    with patch.dict(job_kinds(), {kind.name: kind for kind in kinds}):
        yield
