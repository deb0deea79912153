"""Importing customers: new ones are made, known ones changed where the file says otherwise.

Columns the file lacks and empty cells leave a field alone. History comes from the triggers.
"""

from typing import Any, ClassVar

import pgtrigger
from django.db.backends.utils import CursorWrapper

from accounts.actions import Action
from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission
from common.files import RowSource
from crm.models.batch import BatchKind
from crm.models.customer import CODE_PATTERN, Stage
from crm.services.customer import lock_tree
from crm.services.importing import customer_sql as sql
from crm.services.importing.columns import CUSTOMER_COLUMNS, Matched
from crm.services.importing.customer_rows import CustomerParser
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
    columns = CUSTOMER_COLUMNS
    table = "crm_customer"
    stage: ClassVar = (
        "code text", "name text", "industry_id bigint", "source_id bigint", "category_id bigint",
        "stage text", "grade_id bigint", "owner_id bigint", "unit_id bigint", "parent text",
    )  # fmt: skip

    def parser(self, matched: Matched) -> Parse:
        """Check the options that rows are read with."""
        self._unit = self.visible_unit()
        return CustomerParser(matched, actor=self.actor)

    def merge(self, cursor: CursorWrapper, batch_id: int) -> Written:
        """Lock, check, write. The tree is locked first, as by everybody who moves a customer."""
        lock_tree()
        self.find_known(
            cursor,
            "SELECT code FROM stage WHERE fault IS NULL "
            "UNION SELECT parent FROM stage WHERE fault IS NULL",
        )
        cursor.execute(sql.LOCK_KNOWN)
        drop_tables(cursor, "stage_target")
        cursor.execute(sql.TARGET)
        cursor.execute("ANALYZE stage_target")
        self._reject(cursor)
        self._reject_parents(cursor)
        self.step(Step.WRITE)
        return self._write(cursor)

    def _reject(self, cursor: CursorWrapper) -> None:
        code, name = self.shown("code"), self.shown("name")
        self._take(cursor, sql.CONTRADICTIONS, code, Reason.TWICE_IN_FILE)
        cursor.execute("DELETE FROM stage_target WHERE nth > 1")
        self._take(cursor, sql.ELSEWHERE, code, Reason.EXISTS_ELSEWHERE)
        self._take(cursor, sql.BAD_CODES, code, Reason.BAD_CODE, pattern=CODE_PATTERN)
        self._take(cursor, sql.NAMELESS, name, Reason.MISSING)
        if not self.actor.may(Permission.CUSTOMER_REASSIGN):
            own = {"actor": self.actor.pk, "unit": self.actor.unit_id}
            self._take(cursor, sql.MISPLACED, self.shown("owner"), Reason.MAY_NOT_PLACE, **own)

    def _reject_parents(self, cursor: CursorWrapper) -> None:
        """A rejected row takes along what hangs on it, so look again until nothing more falls."""
        parent = self.shown("parent")
        fallen = 1
        while fallen:
            cursor.execute(sql.RESOLVE_PARENTS)
            fallen = self._take(cursor, sql.ORPHANS, parent, Reason.NOT_YOURS)
            fallen += self._take(
                cursor, sql.CIRCLES, parent, Reason.CIRCULAR, most_levels=MAX_LEVELS
            )

    def _take(
        self, cursor: CursorWrapper, query: str, column: str, code: Reason, **values: Any
    ) -> int:
        """Move the rows a query takes out of ``stage_target`` to the rejects; return how many."""
        cursor.execute(query, {"column": column, "code": code, **values})
        return int(cursor.rowcount)

    def _write(self, cursor: CursorWrapper) -> Written:
        # Circles were looked for above, over the outcome as a whole; row by row the trigger would
        # also refuse a swap of places, half of which is a circle.
        owner = self.actor.pk if self.actor.access_level == DataAccessLevel.OWN else None
        with pgtrigger.ignore("crm.Customer:refuse_cycle"):
            cursor.execute(sql.INSERT, [Stage.POTENTIAL, owner, self._unit.pk])
            created = cursor.rowcount
            cursor.execute(sql.UPDATE)
            changed = cursor.rowcount
        return Written(created, changed, customers_created=created)
