"""The database triggers that write the events of a record type.

They run once per statement, not once per row, and see every change: bulk updates, imports and raw
SQL too. They take the actor, action and channel from the history context (``common.history``), and
the database refuses a change outside of one.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import pgtrigger
from django.db import models

from core.events.declarations import EventType, RecordEvents

M = TypeVar("M", bound=models.Model)

# ``{rows}`` is a query of id and data. The context and the transaction are found once.
INSERT_EVENTS = """
    WITH origin AS MATERIALIZED (
        SELECT _pgh_attach_context() AS context_id,
               pg_current_xact_id()::text::bigint AS transaction_id
    )
    INSERT INTO core_event (type, object_id, data, context_id, transaction_id, occurred_at)
    SELECT '{event_type}', rows.id, rows.data, origin.context_id, origin.transaction_id, now()
      FROM ({rows}) rows, origin;
    RETURN NULL;
"""


def emits_events(events: RecordEvents) -> Callable[[type[M]], type[M]]:
    """Return a class decorator that adds the triggers to a model that is ``tracked()``.

    The data of an event is ``{field: [before, after]}``. Of a created or deleted record it has the
    declared fields that have a value. Of a changed record it has the fields that changed; for one
    that is not declared, ``null`` stands in place of the values.
    """

    def decorate(model: type[M]) -> type[M]:
        columns = {
            field.name: f'"{field.column}"'
            for field in model._meta.concrete_fields  # noqa: SLF001 (Django documents _meta)
            if not field.primary_key
        }
        declared = {name: columns[name] for name in events.fields}
        others = {
            name: column
            for name, column in columns.items()
            if name not in {*events.fields, *events.ignored_fields}
        }
        after_rows = _rows_of_one_table("new_values", declared, "NULL, {value}")
        before_rows = _rows_of_one_table("old_values", declared, "{value}, NULL")
        changed_rows = _changed_rows(declared, others)
        pgtrigger.register(
            # PostgreSQL runs the triggers of history first, in the order of their names.
            _trigger("write_created_event", pgtrigger.Insert, events.created, after_rows),
            _trigger("write_changed_event", pgtrigger.Update, events.changed, changed_rows),
            _trigger("write_deleted_event", pgtrigger.Delete, events.deleted, before_rows),
        )(model)
        return model

    return decorate


def _trigger(
    name: str, operation: pgtrigger.Operation, event_type: EventType, rows: str
) -> pgtrigger.Trigger:
    old = None if operation is pgtrigger.Insert else "old_values"
    new = None if operation is pgtrigger.Delete else "new_values"
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(old=old, new=new),
        func=" ".join(INSERT_EVENTS.format(event_type=event_type.name, rows=rows).split()),
    )


def _rows_of_one_table(table: str, declared: dict[str, str], before_and_after: str) -> str:
    """Return a query of the declared values in a transition table, without those that are NULL."""
    pairs = ", ".join(
        f"'{name}', CASE WHEN {column} IS NOT NULL"
        f" THEN jsonb_build_array({before_and_after.format(value=column)}) END"
        for name, column in declared.items()
    )
    return f"SELECT id, jsonb_strip_nulls(jsonb_build_object({pairs})) AS data FROM {table}"  # noqa: S608


def _changed_rows(declared: dict[str, str], others: dict[str, str]) -> str:
    """Return a query of the fields that an update changed, for rows with at least one."""
    parts = [
        *(
            _changed_part(name, column, f"jsonb_build_array(o.{column}, n.{column})")
            for name, column in declared.items()
        ),
        *(_changed_part(name, column, "NULL") for name, column in others.items()),
    ]
    changed = _any_changed([*declared.values(), *others.values()])
    return (
        f"SELECT n.id, {' || '.join(parts)} AS data"  # noqa: S608
        f" FROM old_values o JOIN new_values n ON n.id = o.id WHERE {changed}"
    )


def _changed_part(name: str, column: str, value: str) -> str:
    return (
        f"CASE WHEN o.{column} IS DISTINCT FROM n.{column}"
        f" THEN jsonb_build_object('{name}', {value}) ELSE '{{}}'::jsonb END"
    )


def _any_changed(columns: Iterable[str]) -> str:
    names = list(columns)
    before, after = (", ".join(f"{table}.{name}" for name in names) for table in ("o", "n"))
    return f"({before}) IS DISTINCT FROM ({after})"
