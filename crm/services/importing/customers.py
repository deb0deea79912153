"""Import of customers by code: new ones are created, existing ones changed where the file differs.

A missing column or an empty cell leaves the field unchanged. Database triggers write the history.
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
from crm.services.importing.customer_rows import CustomerRowParser
from crm.services.importing.customer_sql import StagedColumn
from crm.services.importing.importer import Importer, MergeResult
from crm.services.importing.options import ImportOptions
from crm.services.importing.progress import ImportStep, ProgressReporter, ignore_progress
from crm.services.importing.reasons import RejectReason
from crm.services.importing.result import ImportResult
from crm.services.importing.staging import RowParser, drop_tables

MAX_PARENT_LEVELS = 50
TEXT_COLUMNS = frozenset({"code", "parent"})  # staged as text, not as the model's column


def import_customers(
    *,
    source: RowSource,
    actor: User,
    options: ImportOptions | None = None,
    report_progress: ProgressReporter = ignore_progress,
) -> ImportResult:
    """Import the valid rows of ``source``; the result holds the rejected ones.

    Raises PermissionDenied; ValidationError for an option (keys mapping, unit); and
    FileRefusedError when the source cannot be read. Nothing is imported then.
    """
    options = options or ImportOptions()
    return CustomerImporter(
        source=source, actor=actor, options=options, report_progress=report_progress
    ).run()


class CustomerImporter(Importer):
    """Stages customers, checks them against those the actor sees, then inserts and updates."""

    kind = BatchKind.CUSTOMERS
    permission = Permission.CUSTOMER_IMPORT
    action = Action.CUSTOMER_IMPORT
    table = "crm_customer"

    def prepare(self) -> None:
        """Read the declared fields and the unit of new customers."""
        self._fields = CUSTOMER.all_fields()
        self.columns = declared_columns(self._fields, key="code")
        unit = self.new_customer_unit()
        self.authorise_unit(unit)
        owner_id = self.actor.pk if self.actor.access_level == DataAccessLevel.OWN else None
        defaults = {"owner_id": owner_id, "unit_id": unit.pk}
        self._staged_columns = [
            StagedColumn(field.column, defaults.get(field.column, _default_value(field)))
            for field in CUSTOMER.fields
            if field.name not in TEXT_COLUMNS
        ]
        self.value_columns = [
            *(
                f"{field.name} text"
                if field.name in TEXT_COLUMNS
                else f"{field.column} {field.kind.sql_type}"
                for field in CUSTOMER.fields
            ),
            "custom_values jsonb",
        ]

    def row_parser(self, matched: MatchedColumns) -> RowParser:
        """Return a parser of the declared fields."""
        return CustomerRowParser(matched, self._fields, actor=self.actor)

    def merge(self, cursor: CursorWrapper, batch_id: int) -> MergeResult:
        """Lock, check and write. The tree's lock comes first, as in ``update_customer``."""
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
        """Reject values of fields the category lacks, and new customers without a required one."""
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
        """Reject rows with an invalid parent.

        A rejected row may itself be the parent of others, so this repeats until none is rejected.
        """
        parent = self.header_for("parent")
        rejected = 1
        while rejected:
            cursor.execute(sql.RESOLVE_PARENTS)
            rejected = self._reject(
                cursor, sql.REJECT_UNKNOWN_PARENTS, parent, ValueFault.NOT_YOURS
            )
            rejected += self._reject(
                cursor,
                sql.REJECT_PARENT_CYCLES,
                parent,
                RejectReason.CIRCULAR,
                max_levels=MAX_PARENT_LEVELS,
            )

    def _reject(
        self, cursor: CursorWrapper, statement: str, column: str, code: str, **values: Any
    ) -> int:
        """Run a REJECT_ statement of ``customer_sql``; return how many rows it rejected."""
        cursor.execute(statement, {"column": column, "code": code, **values})
        return int(cursor.rowcount)

    def _write(self, cursor: CursorWrapper) -> MergeResult:
        # REJECT_PARENT_CYCLES has checked the outcome as a whole. The trigger checks each row as it
        # is written: it would refuse two customers that swap places, for half a swap is a cycle.
        with pgtrigger.ignore("crm.Customer:refuse_cycle"):
            cursor.execute(*sql.insert_customers(self._staged_columns))
            created = cursor.rowcount
            cursor.execute(sql.update_customers(self._staged_columns))
            changed = cursor.rowcount
        return MergeResult(rows_created=created, rows_changed=changed, customers_created=created)


def _default_value(field: FieldDeclaration) -> Any:
    """Return the value of a new customer where the file has none; None for NULL."""
    column = Customer._meta.get_field(field.name)  # noqa: SLF001 (documented for everyone)
    if not isinstance(column, Field) or isinstance(column, ForeignKey) or column.null:
        return None
    return column.get_default()
