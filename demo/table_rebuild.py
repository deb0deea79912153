"""Filling a table faster: without its keys and indexes, which are built once at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Primary key, unique constraints and foreign keys, in the order in which they are created again.
CONSTRAINT_DEFINITIONS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'f')
     ORDER BY contype <> 'p', contype <> 'u', conname
"""
# The indexes that no primary key or unique constraint of the table owns; adding such a constraint
# creates its index. Foreign keys (f) are left out, because their conindid is the index that they
# refer to, and they do not own it.
INDEX_DEFINITIONS = """
    SELECT i.relname, pg_get_indexdef(i.oid)
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
     WHERE x.indrelid = %s::regclass
       AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype <> 'f')
     ORDER BY i.relname
"""


@contextmanager
def without_keys_and_indexes(table: str) -> Iterator[None]:
    """Drop the keys and indexes of an empty table; create the same ones at the end of the block.

    Call it inside a transaction, and let errors leave the block: the rollback restores keys and
    indexes. The table stays locked until the transaction ends, so that no other session uses it
    without them.
    """
    quoted = connection.ops.quote_name
    with connection.cursor() as cursor:
        # PostgreSQL refuses to alter a table for which deferred checks are pending.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(CONSTRAINT_DEFINITIONS, [table])
        constraints = cursor.fetchall()
        cursor.execute(INDEX_DEFINITIONS, [table])
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
