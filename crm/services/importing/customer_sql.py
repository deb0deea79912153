"""SQL statements of the customer import.

``stage_valid`` holds the rows that no check has rejected yet. Each REJECT_ statement moves rows
from it to ``stage_reject``; its parameters ``column`` and ``code`` are the file's header and the
reason. ``stage_visible_customer`` holds the existing customers that the actor sees.

A staged column has the name of the customer's column, except for ``parent`` (a code, which
RESOLVE_PARENTS turns into ``parent_id``) and ``custom_values`` (only the keys that the file has).
All names in the statements come from declarations, never from a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LOCK_VISIBLE_CUSTOMERS = """
    SELECT count(*) FROM (
        SELECT c.id
          FROM crm_customer c JOIN stage_visible_customer USING (id)
         ORDER BY c.id FOR UPDATE OF c
    ) locked
"""


@dataclass(frozen=True)
class StagedColumn:
    """A column of ``stage`` that is written to the customer's column of the same name.

    ``default`` is the value of a new customer where the file has none; None for NULL.
    """

    name: str
    default: Any = None


def create_stage_valid(columns: Sequence[StagedColumn]) -> str:
    """Return the statement that creates ``stage_valid`` from the rows that could be parsed.

    New customers get their id here, so that rows can name each other as parents. ``occurrence``
    numbers the rows of one code.
    """
    staged = ", ".join(f"s.{column.name}" for column in columns)
    return f"""
        CREATE TEMP TABLE stage_valid ON COMMIT DROP AS
        SELECT s.line, s.code, s.parent, s.custom_values, {staged},
               NULL::bigint AS parent_id, v.id IS NULL AS is_new,
               coalesce(v.id, nextval(pg_get_serial_sequence('crm_customer', 'id')))
                   AS customer_id,
               row_number() OVER (PARTITION BY s.code ORDER BY s.line) AS occurrence
          FROM stage s LEFT JOIN stage_visible_customer v ON v.code = s.code
         WHERE s.fault IS NULL
    """  # noqa: S608


def reject_contradictions(columns: Sequence[StagedColumn]) -> str:
    """Return the statement that rejects rows that differ from the first row of their code."""
    names = [*(column.name for column in columns), "parent", "custom_values"]
    later = ", ".join(f"later.{name}" for name in names)
    first = ", ".join(f"first.{name}" for name in names)
    return f"""
        WITH rejected AS (
            DELETE FROM stage_valid later USING stage_valid first
             WHERE later.occurrence > 1 AND first.occurrence = 1 AND first.code = later.code
               AND ({later}) IS DISTINCT FROM ({first})
            RETURNING later.line, later.code
        )
        INSERT INTO stage_reject SELECT line, %(column)s, code, %(code)s FROM rejected
    """  # noqa: S608


DELETE_REPEATED_ROWS = "DELETE FROM stage_valid WHERE occurrence > 1"
REJECT_CODES_OF_HIDDEN_CUSTOMERS = """
    WITH rejected AS (
        DELETE FROM stage_valid t USING crm_customer c
         WHERE t.is_new AND c.code = t.code
        RETURNING t.line, t.code
    )
    INSERT INTO stage_reject SELECT line, %(column)s, code, %(code)s FROM rejected
"""
REJECT_MALFORMED_CODES = """
    WITH rejected AS (
        DELETE FROM stage_valid WHERE is_new AND code !~ %(pattern)s RETURNING line, code
    )
    INSERT INTO stage_reject SELECT line, %(column)s, code, %(code)s FROM rejected
"""
REJECT_MISSING_NAMES = """
    WITH rejected AS (DELETE FROM stage_valid WHERE is_new AND name IS NULL RETURNING line)
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM rejected
"""
# The rule of crm.services.customer: without the permission to reassign, a user may only create
# customers of their own in their own unit, and may not move an existing customer.
REJECT_REASSIGNMENTS = """
    WITH rejected AS (
        DELETE FROM stage_valid t
         WHERE (t.is_new AND (t.owner_id <> %(actor)s OR t.unit_id <> %(unit)s))
            OR EXISTS (SELECT 1 FROM crm_customer c
                        WHERE c.id = t.customer_id
                          AND (coalesce(t.owner_id, c.owner_id) IS DISTINCT FROM c.owner_id
                               OR coalesce(t.unit_id, c.unit_id) <> c.unit_id))
        RETURNING line
    )
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM rejected
"""
RESOLVE_PARENTS = """
    UPDATE stage_valid t SET parent_id = p.id
      FROM stage_valid same
      LEFT JOIN (SELECT code, id FROM stage_visible_customer
                  UNION ALL
                 SELECT code, customer_id FROM stage_valid WHERE is_new) p ON p.code = same.parent
     WHERE t.line = same.line AND t.parent_id IS DISTINCT FROM p.id
"""
REJECT_UNKNOWN_PARENTS = """
    WITH rejected AS (
        DELETE FROM stage_valid WHERE parent IS NOT NULL AND parent_id IS NULL
        RETURNING line, parent
    )
    INSERT INTO stage_reject SELECT line, %(column)s, parent, %(code)s FROM rejected
"""
# ``ancestors`` walks up from every row that has a parent. A parent in the file replaces the one in
# the database. A walk of max_levels steps is rejected as too long only when there is no cycle: as
# long as there is one, the row may just be below a cycle, whose rows are rejected first.
REJECT_PARENT_CYCLES = """
    WITH RECURSIVE ancestors (customer_id, ancestor_id, level) AS (
        SELECT customer_id, parent_id, 1 FROM stage_valid WHERE parent_id IS NOT NULL
        UNION ALL
        SELECT a.customer_id, coalesce(t.parent_id, c.parent_id), a.level + 1
          FROM ancestors a
          LEFT JOIN stage_valid t ON t.customer_id = a.ancestor_id
          LEFT JOIN crm_customer c ON c.id = a.ancestor_id
         WHERE a.ancestor_id <> a.customer_id AND a.level < %(max_levels)s
    ), rejected AS (
        DELETE FROM stage_valid t
         WHERE t.customer_id IN (
               SELECT customer_id FROM ancestors
                WHERE ancestor_id = customer_id
                   OR (level = %(max_levels)s AND ancestor_id IS NOT NULL
                       AND NOT EXISTS (SELECT 1 FROM ancestors cycle
                                        WHERE cycle.ancestor_id = cycle.customer_id)))
        RETURNING t.line, t.parent
    )
    INSERT INTO stage_reject SELECT line, %(column)s, parent, %(code)s FROM rejected
"""
# For a custom field that customers of some categories do not have.
REJECT_FIELD_NOT_IN_CATEGORY = """
    WITH rejected AS (
        DELETE FROM stage_valid t
         USING stage_valid same
          LEFT JOIN crm_customer old ON old.id = same.customer_id
          LEFT JOIN crm_category c ON c.id = coalesce(same.category_id, old.category_id)
         WHERE t.line = same.line AND t.custom_values ? %(key)s
           AND NOT coalesce(c.code = ANY(%(categories)s), FALSE)
        RETURNING t.line, t.custom_values ->> %(key)s AS value
    )
    INSERT INTO stage_reject SELECT line, %(column)s, value, %(code)s FROM rejected
"""
# For a custom field that new customers (of these categories, if any are named) must have.
REJECT_MISSING_CUSTOM_VALUE = """
    WITH rejected AS (
        DELETE FROM stage_valid t
         USING stage_valid same LEFT JOIN crm_category c ON c.id = same.category_id
         WHERE t.line = same.line AND t.is_new
           AND NOT coalesce(t.custom_values ? %(key)s, FALSE)
           AND (%(categories)s = '{}'::text[] OR c.code = ANY(%(categories)s))
        RETURNING t.line
    )
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM rejected
"""


def insert_customers(columns: Sequence[StagedColumn]) -> tuple[str, list[Any]]:
    """Return the statement that inserts the new customers, and its parameters.

    The parameters are positional because pgtrigger.ignore supports no named ones.
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
          FROM stage_valid WHERE is_new
         ORDER BY line
    """  # noqa: S608
    return statement, [column.default for column in columns if column.default is not None]


def update_customers(columns: Sequence[StagedColumn]) -> str:
    """Return the statement that updates the existing customers that differ from the file."""
    names = [*(column.name for column in columns), "parent_id"]
    selected = ", ".join(f"coalesce(t.{name}, old.{name}) AS {name}" for name in names)
    assigned = ", ".join(f"{name} = merged.{name}" for name in [*names, "custom_values"])
    old_values = ", ".join(f"c.{name}" for name in [*names, "custom_values"])
    new_values = ", ".join(f"merged.{name}" for name in [*names, "custom_values"])
    return f"""
        UPDATE crm_customer c
           SET version = c.version + 1, updated_at = now(), {assigned}
          FROM (SELECT t.customer_id, {selected},
                       old.custom_values || coalesce(t.custom_values, '{{}}') AS custom_values
                  FROM stage_valid t JOIN crm_customer old ON old.id = t.customer_id
                 WHERE NOT t.is_new) merged
         WHERE c.id = merged.customer_id AND ({old_values}) IS DISTINCT FROM ({new_values})
    """  # noqa: S608
