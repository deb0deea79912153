"""The history context for changes that tests make directly, without a service."""

from contextlib import AbstractContextManager

from common.history import migration_context


def fixture_changes() -> AbstractContextManager[None]:
    """Return the context in which a test may change tracked records directly.

    The database refuses such a change without a history context. This is the context of
    migrations, because it is the only one that needs no user.
    """
    return migration_context()
