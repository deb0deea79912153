"""Changes that tests make behind the services' backs: the database still wants them attributed."""

from contextlib import AbstractContextManager

from common.history import migration_context


def fixture_changes() -> AbstractContextManager[None]:
    """Return the context for changes that only set the scene: history names the installation."""
    return migration_context()
