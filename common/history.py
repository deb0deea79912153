"""History of records, written by database triggers, so that raw SQL is recorded too.

``tracked`` gives a model a table of its past states. ``history_context`` says who makes the changes
inside its block, how and as which action; services open it through
``accounts.acting.audited_transaction``. The database refuses a change of a tracked row outside of
such a block. The triggers and tables are those of the library django-pghistory (docs/adr/0005).
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


def tracked(
    *, exclude: Sequence[str] = (), indexed_together: Sequence[str] = ()
) -> Callable[[type[M]], type[M]]:
    """Return a class decorator that records each insert, update and delete of the model's rows.

    ``exclude`` names the fields that are left out of history, for example ``["password"]``.
    ``indexed_together`` names fields by which the history is read besides the record itself. A
    history row must have a context, so the database refuses a change outside of one.
    """

    def decorate(model: type[M]) -> type[M]:
        meta: dict[str, object] = {}
        if indexed_together:
            name = f"{model._meta.db_table}_history"  # noqa: SLF001 (Django documents _meta)
            meta["indexes"] = [models.Index(fields=list(indexed_together), name=name)]
        # Each model gets tracker objects of its own, because the library's trackers hold state.
        pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            exclude=list(exclude) or None,
            # PGHISTORY_FOREIGN_KEY_FIELD leaves out the indexes of all foreign keys but these two.
            obj_field=pghistory.ObjForeignKey(db_index=True, related_name="events"),
            context_field=pghistory.ContextForeignKey(null=False, db_index=True),
            meta=meta,
        )(model)
        return model

    return decorate


@contextmanager
def history_context(
    *, actor: int | None, action: str, channel: str, **details: object
) -> Iterator[None]:
    """Attribute the tracked changes inside the block to ``actor``, ``action`` and ``channel``.

    ``actor`` is the id of a user, ``action`` for example ``customer.update``, ``channel`` a value
    of ``accounts.acting.Channel``. ``details`` are stored with them: ``reason`` and ``batch`` are
    used. The database constraint pghistory_context_names_actor allows an actor of None only for the
    channel of migrations.

    An inner block and its arguments are ignored: the outermost context applies. This opens no
    transaction. Use it as the first block inside ``transaction.atomic``: the context ends with its
    block, and after an error the rollback of that transaction ends it in the database.
    """
    if _is_open.get():
        yield
        return
    token = _is_open.set(True)
    try:
        with pghistory.context(actor=actor, action=action, channel=channel, **details) as context:
            # The library prefixes each statement that Django executes with the context. COPY does
            # not go through that wrapper, so the context is also set for the transaction.
            _set_context(str(context.id), json.dumps(context.metadata))
            yield
        _set_context("", "")
    finally:
        _is_open.reset(token)


def migration_context() -> AbstractContextManager[None]:
    """Return the history context for changes without a user: data migrations, and ``migrate``."""
    return history_context(actor=None, action=INSTALL_ACTION, channel=MIGRATION_CHANNEL)


def _set_context(context_id: str, metadata: str) -> None:
    """Set the context that the triggers read in this transaction; empty texts remove it.

    ``metadata`` is JSON. The settings last until the transaction ends. Outside a transaction they
    would last for this statement only, and a failed transaction accepts no statement, so nothing is
    done then.
    """
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('pghistory.context_id', %s, true),"
                " set_config('pghistory.context_metadata', %s, true)",
                [context_id, metadata],
            )
