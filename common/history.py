"""History of records, written by database triggers, so that raw SQL is recorded too.

``tracked`` gives a model a table of its past states. ``history_context`` names the user of the
changes inside its block. The database refuses a tracked change outside of such a block.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TypeVar

import pghistory
from django.db import connection, models

M = TypeVar("M", bound=models.Model)

INSTALL_ACTION = "system.install"
MIGRATION_CHANNEL = "migration"

_is_open: ContextVar[bool] = ContextVar("history_context_is_open", default=False)


def tracked(*, exclude: Sequence[str] = ()) -> Callable[[type[M]], type[M]]:
    """Record every insert, update and delete of the model's rows, without the excluded fields.

    A row of history must name its context, so the database refuses a change without one. Each model
    gets its own tracker objects, because the library's trackers hold state.
    """

    def decorate(model: type[M]) -> type[M]:
        pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            exclude=list(exclude) or None,
            context_field=pghistory.ContextForeignKey(null=False),
        )(model)
        return model

    return decorate


@contextmanager
def history_context(
    *, actor: int | None, action: str, channel: str, **details: object
) -> Iterator[None]:
    """Attribute the tracked changes inside the block to ``actor``, ``action`` and ``channel``.

    An inner block is ignored, with its arguments: the outermost context applies. The context ends
    with its block, even if the transaction continues; so use it directly inside ``atomic``, whose
    rollback also restores the setting after an error. ``actor`` is the id of a user; the database
    constraint pghistory_context_names_actor allows None only for the channel of migrations.
    """
    if _is_open.get():
        yield
        return
    token = _is_open.set(True)
    try:
        with pghistory.context(actor=actor, action=action, channel=channel, **details) as context:
            # The library sets the context in an execute wrapper, which COPY bypasses.
            _set_context(str(context.id), json.dumps(context.metadata))
            yield
        _set_context("", "")
    finally:
        _is_open.reset(token)


def migration_context() -> AbstractContextManager[None]:
    """Return the context for changes of a data migration, which have no user."""
    return history_context(actor=None, action=INSTALL_ACTION, channel=MIGRATION_CHANNEL)


def _set_context(context_id: str, metadata: str) -> None:
    """Set the context that the triggers read in this transaction; blank texts remove it."""
    # Outside a transaction the setting would not last, and in a failed one it cannot be made; the
    # rollback restores it there.
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('pghistory.context_id', %s, true),"
                " set_config('pghistory.context_metadata', %s, true)",
                [context_id, metadata],
            )
