"""Import of customers, which are found by code: new ones are created, existing ones changed.

A missing column or an empty cell leaves the field unchanged. Only customers that differ from the
file are changed. Database triggers write the history. The statements are in ``customer_sql``.
"""

from typing import Any

import pgtrigger
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, ForeignKey

from accounts.actions import Action
from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission
from common.files import RowSource
from core.fields.declarations import FieldDeclaration
from core.fields.faults import ValueFault
from core.writing import lock_tree
from crm.fields import CUSTOMER
from crm.models import Customer
from crm.models.batch import BatchKind
from crm.models.customer import CODE_PATTERN
from crm.services.customer import CUSTOMER_TREE
from crm.services.importing import customer_sql as sql
from crm.services.importing.columns import MatchedColumns, declared_columns
from crm.services.importing.customer_sql import StagedColumn
from crm.services.importing.importer import Importer, MergeResult
from crm.services.importing.options import ImportOptions
from crm.services.importing.progress import ImportStep, ProgressReporter, ignore_progress
from crm.services.importing.reasons import RejectReason
from crm.services.importing.record_rows import RecordRowParser, staged_column
from crm.services.importing.result import ImportResult
from crm.services.importing.staging import RowParser, drop_tables

# A row with this many customers above it is rejected. The limit also ends the walk up a cycle.
MAX_PARENT_LEVELS = 50
REQUIRED = frozenset({"code"})  # a file must have the column, and a row the value
# Staged as the text of the file and written by ``customer_sql`` itself. The code identifies the
# customer. The parent's code may be that of a later row, so its id is looked up when all rows are
# staged.
TEXT_COLUMNS = frozenset({"code", "parent"})


def import_customers(
    *,
    source: RowSource,
    actor: User,
    options: ImportOptions | None = None,
    report_progress: ProgressReporter = ignore_progress,
) -> ImportResult:
    """Import the valid rows of ``source``; the result counts all rows and has the rejected ones.

    Raises PermissionDenied; ValidationError for an option, under ``mapping`` or ``unit``; and
    FileRefusedError if the source cannot be read, lacks a required column or has no rows, or if the
    file of rejected rows cannot be written. Nothing is imported then.
    """
    options = options or ImportOptions()
    return CustomerImporter(
        source=source, actor=actor, options=options, report_progress=report_progress
    ).run()


class CustomerImporter(Importer):
    """Checks the staged customers against those the actor sees, then inserts and updates."""

    batch_kind = BatchKind.CUSTOMERS
    permission = Permission.CUSTOMER_IMPORT
    action = Action.CUSTOMER_IMPORT
    table = "crm_customer"

    def prepare(self) -> None:
        """Read the declared fields and say how each is staged; check the unit of new customers.

        The order of ``value_columns`` is that of the values of RecordRowParser.
        """
        self._fields = CUSTOMER.all_fields()
        self.columns = declared_columns(self._fields, required=REQUIRED)
        unit = self.new_customer_unit()
        self.authorise_unit(unit)
        # As in ``create_customer``, users who see only their own customers own those they create.
        owner_id = self.actor.pk if self.actor.access_level == DataAccessLevel.OWN else None
        default_by_column = {"owner_id": owner_id, "unit_id": unit.pk}
        self._staged_columns = [
            StagedColumn(field.column, default_by_column.get(field.column, _default_value(field)))
            for field in CUSTOMER.fields
            if field.name not in TEXT_COLUMNS
        ]
        self.value_columns = [
            *(staged_column(field) for field in CUSTOMER.fields),
            "custom_values jsonb",
        ]

    def row_parser(self, matched: MatchedColumns) -> RowParser:
        """Return a parser of the declared fields."""
        return RecordRowParser(matched, self._fields, required=REQUIRED, actor=self.actor)

    def merge(self, cursor: CursorWrapper, batch_id: int) -> MergeResult:
        """Lock the existing customers, reject invalid rows and write the others.

        The lock of the tree of parents comes before the locks of rows, as in ``update_customer``:
        in another order the two could deadlock.
        """
        lock_tree(CUSTOMER_TREE)
        self.stage_visible_customers(
            cursor,
            "SELECT code FROM stage WHERE fault IS NULL "
            "UNION SELECT parent FROM stage WHERE fault IS NULL",
        )
        cursor.execute(sql.LOCK_VISIBLE_CUSTOMERS)
        drop_tables(cursor, "stage_valid")
        cursor.execute(sql.create_stage_valid(self._staged_columns))
        cursor.execute("ANALYZE stage_valid")
        self._reject_invalid_values(cursor)
        self._reject_invalid_custom_values(cursor)
        self._reject_invalid_parents(cursor)
        self.report_step(ImportStep.WRITE)
        return self._write(cursor)

    def _reject_invalid_values(self, cursor: CursorWrapper) -> None:
        """Reject rows whose code, name, owner or unit is not allowed.

        Afterwards each code has one row: equal rows count as one, different ones are rejected.
        """
        code, name = self.header_for("code"), self.header_for("name")
        contradictions = sql.reject_contradictions(self._staged_columns)
        self._reject(cursor, contradictions, code, RejectReason.TWICE_IN_FILE)
        cursor.execute(sql.DELETE_REPEATED_ROWS)
        hidden_codes = sql.REJECT_CODES_OF_HIDDEN_CUSTOMERS
        self._reject(cursor, hidden_codes, code, RejectReason.EXISTS_ELSEWHERE)
        malformed_codes = sql.REJECT_MALFORMED_CODES
        self._reject(cursor, malformed_codes, code, RejectReason.BAD_CODE, pattern=CODE_PATTERN)
        self._reject(cursor, sql.REJECT_MISSING_NAMES, name, ValueFault.MISSING)
        if not self.actor.may(Permission.CUSTOMER_REASSIGN):
            own = {"actor": self.actor.pk, "unit": self.actor.unit_id}
            owner = self.header_for("owner")
            reassignments = sql.REJECT_REASSIGNMENTS
            self._reject(cursor, reassignments, owner, RejectReason.MAY_NOT_PLACE, **own)

    def _reject_invalid_custom_values(self, cursor: CursorWrapper) -> None:
        """Reject values of custom fields the category lacks, and rows without a required value.

        In the row of an existing customer a required value may be missing: it stays unchanged. If
        the row changes the category, the customer must have the value already.
        """
        for field in self._fields:
            if not field.is_custom:
                continue
            column = self.header_for(field.name)
            values = {"key": field.custom_key, "categories": sorted(field.categories)}
            if field.categories:
                statement = sql.REJECT_FIELD_NOT_IN_CATEGORY
                self._reject(cursor, statement, column, RejectReason.NOT_IN_CATEGORY, **values)
            if field.required:
                statement = sql.REJECT_MISSING_CUSTOM_VALUE
                self._reject(cursor, statement, column, ValueFault.MISSING, **values)

    def _reject_invalid_parents(self, cursor: CursorWrapper) -> None:
        """Set ``parent_id`` of all rows and reject those with an unknown or circular parent.

        A rejected row may itself be the parent of others, so this repeats until none is rejected.
        """
        parent = self.header_for("parent")
        while True:
            cursor.execute(sql.RESOLVE_PARENTS)
            unknown = self._reject(cursor, sql.REJECT_UNKNOWN_PARENTS, parent, ValueFault.NOT_YOURS)
            circular = self._reject(
                cursor,
                sql.REJECT_PARENT_CYCLES,
                parent,
                RejectReason.CIRCULAR,
                max_levels=MAX_PARENT_LEVELS,
            )
            if not (unknown or circular):
                return

    def _reject(
        self, cursor: CursorWrapper, statement: str, column: str, code: str, **values: Any
    ) -> int:
        """Run a statement of ``customer_sql`` that rejects rows; return how many it rejected.

        ``column`` is the file's header and ``code`` the reason that the rejected rows get.
        """
        cursor.execute(statement, {"column": column, "code": code, **values})
        return int(cursor.rowcount)

    def _write(self, cursor: CursorWrapper) -> MergeResult:
        # The trigger checks the parents after each single row. It would refuse two customers that
        # swap places in the tree, because after the first of the two rows there is a cycle.
        # REJECT_PARENT_CYCLES has already checked the tree as it will be after all rows.
        with pgtrigger.ignore("crm.Customer:refuse_cycle"):
            cursor.execute(*sql.insert_customers(self._staged_columns))
            created = cursor.rowcount
            cursor.execute(sql.update_customers(self._staged_columns))
            changed = cursor.rowcount
        return MergeResult(rows_created=created, rows_changed=changed, customers_created=created)


def _default_value(field: FieldDeclaration) -> Any:
    """Return the model's default, for a new customer without a value in the file; None for NULL."""
    column = Customer._meta.get_field(field.name)  # noqa: SLF001 (Django documents _meta)
    if not isinstance(column, Field) or isinstance(column, ForeignKey) or column.null:
        return None
    return column.get_default()
