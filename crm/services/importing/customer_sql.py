"""SQL statements of the customer import, which ``customers.CustomerImporter`` runs.

The functions build the statements that depend on the declared columns. All names in them come from
declarations, never from a file.

``stage_valid`` has the rows that no check has rejected yet. Each REJECT_ statement moves rows from
it to ``stage_reject``; its parameters ``column`` and ``code`` are the file's header and the reason.
``stage_visible_customer`` (id, code) has the existing customers that the actor sees, as far as the
file names them.

The columns of ``stage_valid`` have the names of the customer's columns, with NULL where the file
has no value. The others are:

- ``line``: identifies the row;
- ``parent``: the parent's code in the file; RESOLVE_PARENTS sets ``parent_id`` from it;
- ``custom_values``: a JSON object of only those custom fields that have a value in the file;
- ``is_new``: whether no visible customer has the code;
- ``customer_id``: of the existing customer, or the id that the new one will get;
- ``occurrence``: 1 for the first row of a code, 2 for the next.

In an UPDATE or DELETE, PostgreSQL cannot outer-join the table that is changed. ``same`` is
therefore a second reference to it, joined by ``line``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# In the order of ids, so that two transactions that lock several customers cannot deadlock.
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

    ``default`` is written for a new customer where the file has no value; None writes NULL.
    """

    name: str
    default: Any = None


def create_stage_valid(columns: Sequence[StagedColumn]) -> str:
    """Return the statement that creates ``stage_valid`` from the rows that could be parsed.

    New customers get their id here, so that rows can name each other as parents.
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
    """Return the REJECT_ statement for rows that differ from the first row of the same code."""
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


# The rows that are equal to the first row of their code: the import counts them as unchanged.
DELETE_REPEATED_ROWS = "DELETE FROM stage_valid WHERE occurrence > 1"
# The code of a row that is_new, if a customer has it, is that of a customer hidden from the actor.
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
# For users without the permission to reassign. As in crm.services.customer, they may only create
# customers of their own, or without an owner, in their own unit, and may not move existing ones.
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
# Sets parent_id to the parent, a visible customer or a new one of the file, and to NULL if there is
# none (any more, after rows were rejected).
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
# ``ancestors`` walks up from every row that has a parent, at most max_levels steps. A parent in the
# file replaces the one in the database. A row that is its own ancestor is part of a cycle. A row
# whose walk does not end within max_levels either has too many levels above it or is below a cycle.
# While there are cycles, only their rows are rejected; the statement is repeated after that.
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
# Values of a custom field that only ``categories`` (codes) have, in rows of other categories. The
# category is that of the file or, without one there, that of the existing customer.
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
# Rows after which a required custom field has no value. As in crm.services.customer, only new
# customers and those whose category changes are checked. ``categories`` are the codes of those that
# have the field; empty for all.
REJECT_MISSING_CUSTOM_VALUE = """
    WITH rejected AS (
        DELETE FROM stage_valid t
         USING stage_valid same
          LEFT JOIN crm_customer old ON old.id = same.customer_id
          LEFT JOIN crm_category c ON c.id = same.category_id
         WHERE t.line = same.line
           AND (t.is_new OR coalesce(t.category_id, old.category_id)
                            IS DISTINCT FROM old.category_id)
           AND NOT coalesce(t.custom_values ? %(key)s, FALSE)
           AND NOT coalesce(old.custom_values ? %(key)s, FALSE)
           AND (%(categories)s = '{}'::text[] OR c.code = ANY(%(categories)s))
        RETURNING t.line
    )
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM rejected
"""


def insert_customers(columns: Sequence[StagedColumn]) -> tuple[str, list[Any]]:
    """Return the statement that inserts the new customers, and its parameters: the defaults.

    They are positional because pgtrigger.ignore does not support named ones.
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
    """Return the statement that updates the existing customers that differ from the file.

    Where the file has no value, ``coalesce`` keeps the old one.
    """
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
