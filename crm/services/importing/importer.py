"""The steps that all imports have in common.

``Importer.run`` authorises the actor, stages the rows (see ``staging``), lets the subclass check
and write them, and commits them together with their ``ImportBatch``.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise, current_channel
from accounts.actions import Action
from accounts.models import OrgUnit, User
from accounts.permissions import Permission
from common.files import RowSource
from core.services.event import emit
from crm.events import IMPORT_FINISHED
from crm.models import Customer, ImportBatch
from crm.models.batch import MAX_FILE_NAME_LENGTH, BatchKind
from crm.services.importing.columns import ImportColumn, MatchedColumns, match_columns
from crm.services.importing.options import ImportOptions
from crm.services.importing.progress import ImportProgress, ImportStep, ProgressReporter
from crm.services.importing.rejects import (
    count_rejects_by_reason,
    read_first_rejects,
    write_rejects,
)
from crm.services.importing.result import ImportResult
from crm.services.importing.staging import (
    RowParser,
    create_tables,
    drop_tables,
    reject_unreadable_rows,
    stage_rows,
)

# Rows created and changed. After a smaller import the table is left to autovacuum.
MIN_ROWS_TO_VACUUM = 10_000
# Name of the lock under which imports check and write one at a time.
IMPORT_LOCK = "crm_import"


@dataclass(frozen=True)
class MergeResult:
    """How many rows a merge created and changed, and how many customers it created.

    A row that was neither created, changed nor rejected was stored already: it is unchanged.
    """

    rows_created: int
    rows_changed: int
    customers_created: int


class Importer(ABC):
    """One import of one source. Call ``run`` once.

    ``run`` calls the subclass's ``prepare``, then ``row_parser``, then ``merge``.
    """

    batch_kind: ClassVar[BatchKind]
    permission: ClassVar[Permission]  # that the actor needs
    action: ClassVar[Action]  # that history names
    table: ClassVar[str]  # that the rows are written to; vacuumed after a large import
    # A subclass sets these two on the class or in ``prepare``.
    columns: Sequence[ImportColumn]  # that a file may have
    # SQL definitions, such as "amount bigint", of the columns of ``stage`` that hold the values of
    # a row, in the order in which the row parser returns the values.
    value_columns: Sequence[str]

    def __init__(
        self,
        *,
        source: RowSource,
        actor: User,
        options: ImportOptions,
        report_progress: ProgressReporter,
    ) -> None:
        self.source = source
        self.actor = actor
        self.options = options
        self.report_progress = report_progress
        self._rows_read = 0
        self._rows_unreadable = 0
        self._header_by_column: dict[str, str] = {}

    @abstractmethod
    def prepare(self) -> None:
        """Check the options, and read from the database what the later steps need."""

    @abstractmethod
    def row_parser(self, matched: MatchedColumns) -> RowParser:
        """Return the parser that turns cells into the values of ``value_columns``."""

    @abstractmethod
    def merge(self, cursor: CursorWrapper, batch_id: int) -> MergeResult:
        """Add the invalid rows of ``stage`` to ``stage_reject`` and write the valid ones.

        Called inside an ``audited_transaction`` while no other import checks or writes. The rows
        that could not be parsed are in ``stage_reject`` already.
        """

    def run(self) -> ImportResult:
        """Import the source in one transaction, or roll back if nothing is to be stored.

        ``import_transactions`` lists what is raised.
        """
        started_at = time.monotonic()
        authorise(self.actor, self.permission)
        self.prepare()
        matched = match_columns(self.columns, self.source.header, self.options.mapping)
        self._header_by_column = {
            name: self.source.header[position] for name, position in matched.positions.items()
        }
        parser = self.row_parser(matched)
        with transaction.atomic(), connection.cursor() as cursor:
            # A server may be configured to report a commit before it is on disk. An import that is
            # reported as done must be there. The vacuum after it needs that too, because it marks a
            # page as visible to all only if the commit that wrote the page is on disk.
            cursor.execute("SET LOCAL synchronous_commit TO on")
            create_tables(cursor, self.value_columns)
            self._rows_read = stage_rows(
                cursor,
                self.source,
                parser,
                value_count=len(self.value_columns),
                header_for=self.header_for,
                report_progress=self.report_progress,
            )
            self._rows_unreadable = reject_unreadable_rows(cursor)
            # Imports run one at a time from here to the commit. Two files with the same rows in
            # another order would otherwise deadlock, and neither would see the rows of the other.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [IMPORT_LOCK])
            batch = self._create_batch()
            # History gives the file's name as the reason of every change, because a changed grade
            # must have a reason.
            with audited_transaction(
                self.actor, self.action, reason=self.source.name, batch_id=batch.pk
            ):
                merged = self.merge(cursor, batch.pk)
            result = self._finish_batch(cursor, batch, merged, matched, started_at)
            self._store_or_roll_back(result)
        if result.batch_id is not None:
            self._vacuum_after_large_import(merged)
        return result

    def _store_or_roll_back(self, result: ImportResult) -> None:
        if result.batch_id is None:
            transaction.set_rollback(True)
        else:
            self.options.on_stored(result)

    def new_customer_unit(self) -> OrgUnit:
        """Return the unit of new customers: the actor's, or that of the option ``unit``.

        Raises ValidationError, under ``unit``, for a code of no unit that the actor sees.
        """
        if not self.options.unit:
            return self.actor.unit
        unit = OrgUnit.objects.visible_to(self.actor).filter(code=self.options.unit).first()
        if unit is None:
            raise ValidationError({"unit": _("Not found or not yours")})
        return unit

    def authorise_unit(self, unit: OrgUnit) -> None:
        """Raise PermissionDenied unless the actor may create customers in the unit."""
        if unit.pk != self.actor.unit_id:
            authorise(self.actor, Permission.CUSTOMER_REASSIGN)

    def stage_visible_customers(self, cursor: CursorWrapper, codes_query: str) -> None:
        """Create the temporary table ``stage_visible_customer`` (id, code).

        It holds the customers that the actor sees and whose code is a result of ``codes_query``, an
        SQL query of one column. The checks join it instead of repeating the visibility filter.
        """
        drop_tables(cursor, "stage_visible_customer")
        visible, params = self.visible_customers_sql("id", "code")
        cursor.execute(
            f"""CREATE TEMP TABLE stage_visible_customer ON COMMIT DROP AS
                SELECT v.id, v.code FROM ({visible}) v WHERE v.code IN ({codes_query})""",  # noqa: S608
            params,
        )
        cursor.execute("ANALYZE stage_visible_customer")

    @property
    def rows_readable(self) -> int:
        """The number of rows that could be parsed, once all are staged."""
        return self._rows_read - self._rows_unreadable

    def may_see_every_customer(self, cursor: CursorWrapper) -> bool:
        """Return whether no customer is hidden from the actor."""
        if not Customer.visibility_filter(self.actor):  # an empty Q, which leaves no customer out
            return True
        visible, params = self.visible_customers_sql("id")
        cursor.execute(
            f"""SELECT NOT EXISTS (SELECT 1 FROM crm_customer c WHERE NOT EXISTS (
                    SELECT 1 FROM ({visible}) v WHERE v.id = c.id))""",  # noqa: S608
            params,
        )
        return bool(cursor.fetchone()[0])

    def visible_customers_sql(self, *columns: str) -> tuple[str, tuple[Any, ...]]:
        """Return the query of these columns of all customers the actor sees, and its parameters."""
        customers = Customer.objects.visible_to(self.actor).order_by().values(*columns)
        query, params = customers.query.sql_with_params()
        return query, tuple(params)

    def header_for(self, column: str) -> str:
        """Return the file's header of a column (``customer`` → ``客户编码``), for messages.

        A column that the file does not have is returned unchanged.
        """
        return self._header_by_column.get(column, column)

    def report_step(self, step: ImportStep) -> None:
        """Report that a step begins, now that the whole source has been read."""
        self.report_progress(
            ImportProgress(step, self._rows_read, self.source.bytes_read, self.source.size)
        )

    def _create_batch(self) -> ImportBatch:
        batch = ImportBatch(
            kind=self.batch_kind,
            file_name=self.source.name[:MAX_FILE_NAME_LENGTH],
            sha256=self.source.sha256,
            actor=self.actor,
            channel=current_channel(),
        )
        batch.save()
        return batch

    def _finish_batch(
        self,
        cursor: CursorWrapper,
        batch: ImportBatch,
        merged: MergeResult,
        matched: MatchedColumns,
        started_at: float,
    ) -> ImportResult:
        """Write the file of rejected rows, save the batch's counts, and return the result.

        The result has no batch id, and ``run`` rolls back, after a dry run or if no row is valid.
        """
        rejects_by_reason = count_rejects_by_reason(cursor)
        rejected = sum(rejects_by_reason.values())
        if rejected and self.options.rejects_path:
            write_rejects(self.options.rejects_path, self.source.header)
        is_stored = not self.options.dry_run and rejected < self._rows_read
        batch.rows_read = self._rows_read
        batch.rows_created, batch.rows_changed = merged.rows_created, merged.rows_changed
        batch.rows_rejected = rejected
        batch.rows_unchanged = (
            self._rows_read - rejected - merged.rows_created - merged.rows_changed
        )
        batch.save()
        if is_stored:
            self._emit_finished(batch)
        return ImportResult(
            batch_id=batch.pk if is_stored else None,
            dry_run=self.options.dry_run,
            rows_read=batch.rows_read,
            rows_created=batch.rows_created,
            rows_changed=batch.rows_changed,
            rows_unchanged=batch.rows_unchanged,
            rows_rejected=batch.rows_rejected,
            customers_created=merged.customers_created,
            ignored_headers=matched.ignored_headers,
            rejects_by_reason=rejects_by_reason,
            first_rejects=read_first_rejects() if rejected else [],
            seconds=time.monotonic() - started_at,
        )

    def _emit_finished(self, batch: ImportBatch) -> None:
        data = {
            "kind": batch.kind,
            "file_name": batch.file_name,
            "rows_created": batch.rows_created,
            "rows_changed": batch.rows_changed,
            "rows_unchanged": batch.rows_unchanged,
            "rows_rejected": batch.rows_rejected,
        }
        with audited_transaction(self.actor, self.action, batch_id=batch.pk):
            emit(IMPORT_FINISHED, object_id=batch.pk, data=data)

    def _vacuum_after_large_import(self, merged: MergeResult) -> None:
        """Vacuum the written table, which updates what index-only scans and the planner need.

        PostgreSQL cannot vacuum inside a transaction, so this is skipped if the caller opened one.
        """
        is_large = merged.rows_created + merged.rows_changed >= MIN_ROWS_TO_VACUUM
        if is_large and not connection.in_atomic_block:
            self.report_step(ImportStep.VACUUM)
            with connection.cursor() as cursor:
                cursor.execute(f"VACUUM (ANALYZE, SKIP_LOCKED) {self.table}")
