"""The statements of the customer import, made from the columns that are staged.

``stage_target`` holds the rows still thought good. A staged column is a column of the customer, but
for ``parent`` (a code, resolved to ``parent_id``) and ``custom_values`` (the keys the file gives).
All names come from declarations, never from a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LOCK_KNOWN = """
    SELECT count(*) FROM (
        SELECT c.id FROM crm_customer c JOIN stage_known k USING (id) ORDER BY c.id FOR UPDATE OF c
    ) locked
"""


@dataclass(frozen=True)
class StagedColumn:
    """A column of ``stage`` that is written to a customer's column of the same name.

    ``default`` is what a new customer has where the file says nothing; None for NULL.
    """

    name: str
    sql_type: str
    default: Any = None

    @property
    def definition(self) -> str:
        """The column as CREATE TABLE wants it."""
        return f"{self.name} {self.sql_type}"


def target(columns: Sequence[StagedColumn]) -> str:
    """Return the statement that makes ``stage_target`` of the rows that could be read.

    New customers get their id here, so that rows can name each other as parents.
    """
    staged = ", ".join(f"s.{column.name}" for column in columns)
    return f"""
        CREATE TEMP TABLE stage_target ON COMMIT DROP AS
        SELECT s.line, s.code, s.parent, s.custom_values, {staged},
               NULL::bigint AS parent_id, k.id IS NULL AS is_new,
               coalesce(k.id, nextval(pg_get_serial_sequence('crm_customer', 'id')))
                   AS customer_id,
               row_number() OVER (PARTITION BY s.code ORDER BY s.line) AS nth
          FROM stage s LEFT JOIN stage_known k ON k.code = s.code
         WHERE s.fault IS NULL
    """  # noqa: S608


def contradictions(columns: Sequence[StagedColumn]) -> str:
    """Return the statement that rejects rows that say something else than an earlier one."""
    names = [*(column.name for column in columns), "parent", "custom_values"]
    later = ", ".join(f"later.{name}" for name in names)
    first = ", ".join(f"first.{name}" for name in names)
    return f"""
        WITH taken AS (
            DELETE FROM stage_target later USING stage_target first
             WHERE later.nth > 1 AND first.nth = 1 AND first.code = later.code
               AND ({later}) IS DISTINCT FROM ({first})
            RETURNING later.line, later.code
        )
        INSERT INTO stage_reject SELECT line, %(column)s, code, %(code)s FROM taken
    """  # noqa: S608


ELSEWHERE = """
    WITH taken AS (
        DELETE FROM stage_target t USING crm_customer c
         WHERE t.is_new AND c.code = t.code
        RETURNING t.line, t.code
    )
    INSERT INTO stage_reject SELECT line, %(column)s, code, %(code)s FROM taken
"""
BAD_CODES = """
    WITH taken AS (
        DELETE FROM stage_target WHERE is_new AND code !~ %(pattern)s RETURNING line, code
    )
    INSERT INTO stage_reject SELECT line, %(column)s, code, %(code)s FROM taken
"""
NAMELESS = """
    WITH taken AS (DELETE FROM stage_target WHERE is_new AND name IS NULL RETURNING line)
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM taken
"""
# The rule of crm.services.customer: only what stays one's own may be placed without the right.
MISPLACED = """
    WITH taken AS (
        DELETE FROM stage_target t
         WHERE (t.is_new AND (t.owner_id <> %(actor)s OR t.unit_id <> %(unit)s))
            OR EXISTS (SELECT 1 FROM crm_customer c
                        WHERE c.id = t.customer_id
                          AND (coalesce(t.owner_id, c.owner_id) IS DISTINCT FROM c.owner_id
                               OR coalesce(t.unit_id, c.unit_id) <> c.unit_id))
        RETURNING line
    )
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM taken
"""
RESOLVE_PARENTS = """
    UPDATE stage_target t SET parent_id = p.id
      FROM stage_target same
      LEFT JOIN (SELECT code, id FROM stage_known
                  UNION ALL
                 SELECT code, customer_id FROM stage_target WHERE is_new) p ON p.code = same.parent
     WHERE t.line = same.line AND t.parent_id IS DISTINCT FROM p.id
"""
ORPHANS = """
    WITH taken AS (
        DELETE FROM stage_target WHERE parent IS NOT NULL AND parent_id IS NULL
        RETURNING line, parent
    )
    INSERT INTO stage_reject SELECT line, %(column)s, parent, %(code)s FROM taken
"""
# Walks up from every row that names a parent, over the file's word first and the database's where
# the file says nothing. Only when no circle is left is a long walk one that is too long: before,
# it may be a row that merely hangs below a circle.
CIRCLES = """
    WITH RECURSIVE up (customer_id, above, level) AS (
        SELECT customer_id, parent_id, 1 FROM stage_target WHERE parent_id IS NOT NULL
        UNION ALL
        SELECT up.customer_id, coalesce(t.parent_id, c.parent_id), up.level + 1
          FROM up
          LEFT JOIN stage_target t ON t.customer_id = up.above
          LEFT JOIN crm_customer c ON c.id = up.above
         WHERE up.above <> up.customer_id AND up.level < %(most_levels)s
    ), taken AS (
        DELETE FROM stage_target t
         WHERE t.customer_id IN (
               SELECT customer_id FROM up
                WHERE above = customer_id
                   OR (level = %(most_levels)s AND above IS NOT NULL
                       AND NOT EXISTS (SELECT 1 FROM up circle
                                        WHERE circle.above = circle.customer_id)))
        RETURNING t.line, t.parent
    )
    INSERT INTO stage_reject SELECT line, %(column)s, parent, %(code)s FROM taken
"""
# A custom field that some categories lack, and one that a new customer must have.
NOT_IN_CATEGORY = """
    WITH taken AS (
        DELETE FROM stage_target t
         USING stage_target same
          LEFT JOIN crm_customer old ON old.id = same.customer_id
          LEFT JOIN crm_category c ON c.id = coalesce(same.category_id, old.category_id)
         WHERE t.line = same.line AND t.custom_values ? %(key)s
           AND NOT coalesce(c.code = ANY(%(categories)s), FALSE)
        RETURNING t.line, t.custom_values ->> %(key)s AS value
    )
    INSERT INTO stage_reject SELECT line, %(column)s, value, %(code)s FROM taken
"""
MISSING_CUSTOM = """
    WITH taken AS (
        DELETE FROM stage_target t
         USING stage_target same LEFT JOIN crm_category c ON c.id = same.category_id
         WHERE t.line = same.line AND t.is_new
           AND NOT coalesce(t.custom_values ? %(key)s, FALSE)
           AND (%(categories)s = '{}'::text[] OR c.code = ANY(%(categories)s))
        RETURNING t.line
    )
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM taken
"""


def insert(columns: Sequence[StagedColumn]) -> tuple[str, list[Any]]:
    """Return the statement that makes the new customers, and its parameters.

    They are given by position, which is all that pgtrigger.ignore gets along with.
    """
    names = ", ".join(column.name for column in columns)
    values = ", ".join(
        column.name if column.default is None else f"coalesce({column.name}, %s)"
        for column in columns
    )
    statement = f"""
        INSERT INTO crm_customer
               (id, code, parent_id, custom_values, version, created_at, updated_at, {names})
        SELECT customer_id, code, parent_id, coalesce(custom_values, '{{}}'), 1, now(), now(),
               {values}
          FROM stage_target WHERE is_new
         ORDER BY line
    """  # noqa: S608
    return statement, [column.default for column in columns if column.default is not None]


def update(columns: Sequence[StagedColumn]) -> str:
    """Return the statement that changes known customers where the file says otherwise."""
    names = [*(column.name for column in columns), "parent_id"]
    assigned = ", ".join(f"{name} = wanted.{name}" for name in [*names, "custom_values"])
    wanted = ", ".join(f"coalesce(t.{name}, old.{name}) AS {name}" for name in names)
    stored = ", ".join(f"c.{name}" for name in [*names, "custom_values"])
    compared = ", ".join(f"wanted.{name}" for name in [*names, "custom_values"])
    return f"""
        UPDATE crm_customer c
           SET version = c.version + 1, updated_at = now(), {assigned}
          FROM (SELECT t.customer_id, {wanted},
                       old.custom_values || coalesce(t.custom_values, '{{}}') AS custom_values
                  FROM stage_target t JOIN crm_customer old ON old.id = t.customer_id
                 WHERE NOT t.is_new) wanted
         WHERE c.id = wanted.customer_id AND ({stored}) IS DISTINCT FROM ({compared})
    """  # noqa: S608
