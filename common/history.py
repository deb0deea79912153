"""History of the records people edit, written by database triggers, raw SQL included.

``tracked`` gives a model its table of past states. ``history_context`` says who makes the changes
inside its block; the database refuses a tracked change outside of one.
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
    """Record every state of the model's rows (made, changed, deleted) but the excluded fields.

    A row of history must name its context, so the database refuses an anonymous change. The
    trackers are made anew for each model because the library's trackers hold state.
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

    A block inside another one adds nothing: the outermost action names the change. The context
    ends with its block, also within a transaction that goes on. ``actor`` is a user's id, and None
    only for the channel of migrations (the database checks this).
    """
    if _is_open.get():
        yield
        return
    token = _is_open.set(True)
    try:
        with pghistory.context(actor=actor, action=action, channel=channel, **details) as context:
            # The library sets it before each statement but SELECT; COPY does not pass there.
            _set_context(str(context.id), json.dumps(context.metadata))
            yield
        _set_context("", "")
    finally:
        _is_open.reset(token)


def migration_context() -> AbstractContextManager[None]:
    """Return the context for the changes a data migration makes: no user, the installation."""
    return history_context(actor=None, action=INSTALL_ACTION, channel=MIGRATION_CHANNEL)


def _set_context(context_id: str, metadata: str) -> None:
    """Set what the triggers read until the end of the transaction; blank means no context."""
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('pghistory.context_id', %s, true),"
                " set_config('pghistory.context_metadata', %s, true)",
                [context_id, metadata],
            )
