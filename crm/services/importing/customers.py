"""Importing customers: new ones are made, known ones changed where the file says otherwise.

Columns the file lacks and empty cells leave a field alone. History comes from the triggers.
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
from crm.services.customer import TREE
from crm.services.importing import customer_sql as sql
from crm.services.importing.columns import Matched, declared_columns
from crm.services.importing.customer_rows import CustomerParser
from crm.services.importing.customer_sql import StagedColumn
from crm.services.importing.importer import Importer, Written, ignore_progress
from crm.services.importing.outcome import ImportOptions, ImportResult, ProgressReporter, Step
from crm.services.importing.reasons import Reason
from crm.services.importing.staging import Parse, drop_tables

MAX_LEVELS = 50


def import_customers(
    *,
    source: RowSource,
    actor: User,
    options: ImportOptions | None = None,
    report_progress: ProgressReporter = ignore_progress,
) -> ImportResult:
    """Bring customers in by code, all good rows or, when anything fails, none.

    Raises PermissionDenied; ValidationError for options (keys mapping, unit); and FileRefusedError
    when the input as a whole cannot be read. Bad rows are in the result.
    """
    options = options or ImportOptions()
    return CustomerImporter(
        source=source, actor=actor, options=options, report_progress=report_progress
    ).run()


class CustomerImporter(Importer):
    """Stages customers, checks them against those the actor sees, and writes them in two steps."""

    kind = BatchKind.CUSTOMERS
    permission = Permission.CUSTOMER_IMPORT
    action = Action.CUSTOMER_IMPORT
    table = "crm_customer"

    def prepare(self) -> None:
        """Read the declarations and the unit of new customers."""
        self._fields = CUSTOMER.all_fields()
        self.columns = declared_columns(self._fields, key="code")
        self._unit = self.visible_unit()
        owner = self.actor.pk if self.actor.access_level == DataAccessLevel.OWN else None
        defaults = {"owner_id": owner, "unit_id": self._unit.pk}
        self._written = [
            StagedColumn(
                field.column, field.kind.sql_type, defaults.get(field.column, _default_of(field))
            )
            for field in CUSTOMER.fields
            if field.name not in {"code", "parent"}
        ]
        types = {field.name: field.kind.sql_type for field in CUSTOMER.fields}
        self.stage = [
            *(
                f"{field.name} text"
                if field.name in {"code", "parent"}
                else f"{field.column} {types[field.name]}"
                for field in CUSTOMER.fields
            ),
            "custom_values jsonb",
        ]

    def parser(self, matched: Matched) -> Parse:
        """Return what reads a row as the declarations say."""
        return CustomerParser(matched, self._fields, actor=self.actor)

    def merge(self, cursor: CursorWrapper, batch_id: int) -> Written:
        """Lock, check, write. The tree is locked first, as by everybody who moves a customer."""
        lock_tree(TREE)
        self.find_known(
            cursor,
            "SELECT code FROM stage WHERE fault IS NULL "
            "UNION SELECT parent FROM stage WHERE fault IS NULL",
        )
        cursor.execute(sql.LOCK_KNOWN)
        drop_tables(cursor, "stage_target")
        cursor.execute(sql.target(self._written))
        cursor.execute("ANALYZE stage_target")
        self._reject(cursor)
        self._reject_custom_values(cursor)
        self._reject_parents(cursor)
        self.step(Step.WRITE)
        return self._write(cursor)

    def _reject(self, cursor: CursorWrapper) -> None:
        code, name = self.header_for("code"), self.header_for("name")
        contradictions = sql.contradictions(self._written)
        self._take(cursor, contradictions, code, Reason.TWICE_IN_FILE)
        cursor.execute("DELETE FROM stage_target WHERE nth > 1")
        self._take(cursor, sql.ELSEWHERE, code, Reason.EXISTS_ELSEWHERE)
        self._take(cursor, sql.BAD_CODES, code, Reason.BAD_CODE, pattern=CODE_PATTERN)
        self._take(cursor, sql.NAMELESS, name, ValueFault.MISSING)
        if not self.actor.may(Permission.CUSTOMER_REASSIGN):
            own = {"actor": self.actor.pk, "unit": self.actor.unit_id}
            column = self.header_for("owner")
            self._take(cursor, sql.MISPLACED, column, Reason.MAY_NOT_PLACE, **own)

    def _reject_custom_values(self, cursor: CursorWrapper) -> None:
        """Reject values of fields the category lacks, and new customers without a required one."""
        for field in self._fields:
            if not field.is_custom:
                continue
            column = self.header_for(field.name)
            values = {"key": field.custom_key, "categories": sorted(field.categories)}
            if field.categories:
                self._take(cursor, sql.NOT_IN_CATEGORY, column, Reason.NOT_IN_CATEGORY, **values)
            if field.required:
                self._take(cursor, sql.MISSING_CUSTOM, column, ValueFault.MISSING, **values)

    def _reject_parents(self, cursor: CursorWrapper) -> None:
        """Reject rows with an unusable parent, then those that hang on them, until none is left."""
        parent = self.header_for("parent")
        rejected = 1
        while rejected:
            cursor.execute(sql.RESOLVE_PARENTS)
            rejected = self._take(cursor, sql.ORPHANS, parent, ValueFault.NOT_YOURS)
            rejected += self._take(
                cursor, sql.CIRCLES, parent, Reason.CIRCULAR, most_levels=MAX_LEVELS
            )

    def _take(
        self, cursor: CursorWrapper, query: str, column: str, code: str, **values: Any
    ) -> int:
        """Move the rows a query takes out of ``stage_target`` to the rejects; return how many."""
        cursor.execute(query, {"column": column, "code": code, **values})
        return int(cursor.rowcount)

    def _write(self, cursor: CursorWrapper) -> Written:
        # Cycles were looked for above, over the outcome as a whole; row by row the trigger would
        # also refuse a swap of places, half of which is a cycle.
        with pgtrigger.ignore("crm.Customer:refuse_cycle"):
            cursor.execute(*sql.insert(self._written))
            created = cursor.rowcount
            cursor.execute(sql.update(self._written))
            changed = cursor.rowcount
        return Written(created, changed, customers_created=created)


def _default_of(field: FieldDeclaration) -> Any:
    """Return what a new customer has where the file says nothing; None for NULL."""
    column = Customer._meta.get_field(field.name)  # noqa: SLF001 (documented for everyone)
    if not isinstance(column, Field) or isinstance(column, ForeignKey) or column.null:
        return None
    return column.get_default()
