"""Foreign keys that the database checks once per statement, not once per row.

PostgreSQL checks an ordinary foreign key with a query for each row. For millions of rows these
queries take longer than writing the rows. ``statement_references`` replaces them by triggers that
check all rows of a statement together (docs/adr/0022). They keep both promises of a foreign key,
also for sessions at the same time:

- An inserted or updated row refers to existing rows. The trigger locks the referenced rows with FOR
  KEY SHARE, as a foreign key does, until the transaction ends. A session that deletes one of them
  waits. If it was deleted first, the lock waits for that deletion, finds no row, and the trigger
  refuses the statement.
- A row that is referred to is not deleted, its id does not change, and its table is not truncated.
  DELETE locks its row before the trigger looks for references, so it sees those of every
  transaction that held the lock before. This needs a snapshot that is newer than the lock. The
  triggers therefore refuse a deletion at the isolation levels REPEATABLE READ and SERIALIZABLE,
  whose snapshot may be older.

Unlike a deferred foreign key, they check at the end of each statement, not of the transaction. They
do not check rows that exist when they are created.
"""

from collections.abc import Callable
from typing import TypeVar

import pgtrigger
from django.db import models

M = TypeVar("M", bound=models.Model)

# ``LATERAL`` with a lock makes PostgreSQL look up and lock the rows one by one, in the order of
# their ids, whatever it estimates. Two statements that lock the same rows cannot deadlock.
REFUSE_MISSING = """
    SELECT r.id INTO missing
      FROM (SELECT DISTINCT {column} AS id FROM new_values
             WHERE {column} IS NOT NULL ORDER BY 1) r
      LEFT JOIN LATERAL (
           SELECT p.id FROM {parent_table} p WHERE p.id = r.id FOR KEY SHARE) p ON TRUE
     WHERE p.id IS NULL
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '{table}.{column} refers to {parent_table} %, which does not exist', missing
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = '{constraint}';
    END IF;
"""
REFUSE_DELETE = """
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Rows of {parent_table} can be deleted only at READ COMMITTED'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    IF EXISTS (SELECT 1 FROM old_values o JOIN {table} t ON t.{column} = o.id) THEN
        RAISE EXCEPTION 'a deleted row of {parent_table} is still referred to by {table}'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = '{constraint}';
    END IF;
    RETURN NULL;
"""
REFUSE_TRUNCATE = """
    IF EXISTS (SELECT 1 FROM {table}) THEN
        RAISE EXCEPTION '{parent_table} is still referred to by {table}'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = '{constraint}';
    END IF;
    RETURN NULL;
"""
REFUSE_NEW_ID = """
    RAISE EXCEPTION 'the id of a row of {parent_table} cannot change'
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = '{constraint}';
"""


def statement_references(*names: str) -> Callable[[type[M]], type[M]]:
    """Return a class decorator that adds the triggers for the foreign keys of these names.

    The foreign keys are declared with ``db_constraint=False`` and refer to the column ``id``. The
    triggers of the referenced tables are registered on their models. A violation raises
    IntegrityError, as that of an ordinary foreign key, and names the constraint
    ``<table>_<column>_exists``.
    """

    def decorate(model: type[M]) -> type[M]:
        checks = []
        for name in names:
            field = model._meta.get_field(name)  # noqa: SLF001 (Django documents _meta)
            if not isinstance(field, models.ForeignKey):
                raise TypeError(f"{model.__name__}.{name} is not a foreign key")
            parent = field.remote_field.model
            texts = {
                "table": model._meta.db_table,  # noqa: SLF001
                "column": field.column,
                "parent_table": parent._meta.db_table,  # noqa: SLF001
                "constraint": f"{model._meta.db_table}_{field.column}_exists",  # noqa: SLF001
            }
            checks.append(REFUSE_MISSING.format(**texts))
            pgtrigger.register(*_parent_triggers(model._meta.model_name, texts))(parent)  # noqa: SLF001
        pgtrigger.register(
            _check_trigger("check_references_of_new", pgtrigger.Insert, checks),
            _check_trigger("check_references_of_changed", pgtrigger.Update, checks),
        )(model)
        return model

    return decorate


def _check_trigger(
    name: str, operation: pgtrigger.Operation, checks: list[str]
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(new="new_values"),
        declare=[("missing", "bigint")],
        func=_one_line("".join(checks) + "RETURN NULL;"),
    )


def _parent_triggers(model_name: str | None, texts: dict[str, str]) -> list[pgtrigger.Trigger]:
    """Return the triggers of a referenced table. ``model_name`` is that of the referring model."""
    return [
        pgtrigger.Trigger(
            name=f"{model_name}_refuse_delete",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            referencing=pgtrigger.Referencing(old="old_values"),
            func=_one_line(REFUSE_DELETE.format(**texts)),
        ),
        pgtrigger.Trigger(
            name=f"{model_name}_refuse_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Truncate,
            func=_one_line(REFUSE_TRUNCATE.format(**texts)),
        ),
        pgtrigger.Trigger(
            name=f"{model_name}_refuse_new_id",
            when=pgtrigger.Before,
            operation=pgtrigger.UpdateOf("id"),
            condition=pgtrigger.Q(old__id__df=pgtrigger.F("new__id")),
            func=_one_line(REFUSE_NEW_ID.format(**texts)),
        ),
    ]


def _one_line(function: str) -> str:
    """Return the function on one line, because migrations contain it."""
    return " ".join(function.split())
