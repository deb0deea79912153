"""A table without keys and indexes while it is filled: they are built once, at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'f')
     ORDER BY contype <> 'p', contype <> 'u', conname
"""
INDEXES = """
    SELECT i.relname, pg_get_indexdef(i.oid)
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
     WHERE x.indrelid = %s::regclass
       AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype <> 'f')
     ORDER BY i.relname
"""


@contextmanager
def bare(table: str) -> Iterator[None]:
    """Take keys and indexes off an empty table, and put the very same on again at the end.

    Everything happens inside the transaction that is open: whatever goes wrong, the table is as it
    was, and nobody sees it in between (it stays locked until the transaction ends).
    """
    quoted = connection.ops.quote_name
    with connection.cursor() as cursor:
        # Checks that still wait would forbid changing the tables they are about.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(CONSTRAINTS, [table])
        constraints = cursor.fetchall()
        cursor.execute(INDEXES, [table])
        indexes = cursor.fetchall()
        for name, _definition in reversed(constraints):
            cursor.execute(f"ALTER TABLE {quoted(table)} DROP CONSTRAINT {quoted(name)}")
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {quoted(name)}")
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        for name, definition in constraints:
            cursor.execute(
                f"ALTER TABLE {quoted(table)} ADD CONSTRAINT {quoted(name)} {definition}"
            )
