"""The history context for changes that tests make without a service."""

from contextlib import AbstractContextManager

from common.history import migration_context


def fixture_changes() -> AbstractContextManager[None]:
    """Return the history context for test data. The database refuses a change without one."""
    return migration_context()
