"""The steps every import takes: authorise, stage, check, write, commit together with its batch."""

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
from crm.models import Customer, ImportBatch
from crm.models.batch import BatchKind
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

MIN_ROWS_TO_VACUUM = 10_000


@dataclass(frozen=True)
class MergeResult:
    """What a merge wrote. Rows neither created, changed nor rejected were unchanged."""

    rows_created: int
    rows_changed: int
    customers_created: int


class Importer(ABC):
    """One import. Subclasses define the staged columns and how the staged rows are merged."""

    kind: ClassVar[BatchKind]
    permission: ClassVar[Permission]
    action: ClassVar[Action]
    table: ClassVar[str]
    # The columns a file may have, and the SQL definitions of the columns that are staged. A
    # subclass sets them on the class or in ``prepare``.
    columns: Sequence[ImportColumn]
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
        self._headers: dict[str, str] = {}

    @abstractmethod
    def prepare(self) -> None:
        """Check the options and read what the row parser needs."""

    @abstractmethod
    def row_parser(self, matched: MatchedColumns) -> RowParser:
        """Return the function that turns cells into staged values or raises RowRejectedError."""

    @abstractmethod
    def merge(self, cursor: CursorWrapper, batch_id: int) -> MergeResult:
        """Move the invalid staged rows to ``stage_reject`` and write the valid ones."""

    def run(self) -> ImportResult:
        """Import the source in one transaction; see ``import_transactions`` for what it raises."""
        started_at = time.monotonic()
        authorise(self.actor, self.permission)
        self.prepare()
        matched = match_columns(self.columns, self.source.header, self.options.mapping)
        self._headers = {
            name: self.source.header[position] for name, position in matched.positions.items()
        }
        parse_row = self.row_parser(matched)
        with transaction.atomic(), connection.cursor() as cursor:
            # The commit must be on disk before the import is reported as done. VACUUM also marks
            # only pages as visible to all whose commit is on disk.
            cursor.execute("SET LOCAL synchronous_commit TO on")
            create_tables(cursor, self.value_columns)
            self._rows_read = stage_rows(
                cursor,
                self.source,
                parse_row,
                value_count=len(self.value_columns),
                header_for=self.header_for,
                report_progress=self.report_progress,
            )
            reject_unreadable_rows(cursor)
            # Imports run one at a time from here. Two files with the same rows in another order
            # would otherwise deadlock, and neither would see the rows of the other.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('crm_import'))")
            batch = self._create_batch()
            # The history gives the file's name as the reason of every change; a changed grade
            # must have a reason.
            with audited_transaction(
                self.actor, self.action, reason=self.source.name, batch_id=batch.pk
            ):
                merged = self.merge(cursor, batch.pk)
            result = self._finish_batch(cursor, batch, merged, matched, started_at)
            if result.batch_id is None:
                transaction.set_rollback(True)
        if result.batch_id is not None:
            self._vacuum_after_large_import(merged)
        return result

    def new_customer_unit(self) -> OrgUnit:
        """Return the unit of new customers: the actor's, or that of the option ``unit``.

        Raises ValidationError for a unit the actor does not see.
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
        """Create ``stage_visible_customer`` (id, code).

        It holds the customers the actor sees whose code is a result of ``codes_query``.
        """
        drop_tables(cursor, "stage_visible_customer")
        visible, params = self._visible_customers_sql("id", "code")
        cursor.execute(
            f"""CREATE TEMP TABLE stage_visible_customer ON COMMIT DROP AS
                SELECT v.id, v.code FROM ({visible}) v WHERE v.code IN ({codes_query})""",  # noqa: S608
            params,
        )
        cursor.execute("ANALYZE stage_visible_customer")

    def may_see_every_customer(self, cursor: CursorWrapper) -> bool:
        """Return whether the actor sees all customers there are."""
        visible, params = self._visible_customers_sql("id")
        cursor.execute(
            f"""SELECT NOT EXISTS (SELECT 1 FROM crm_customer c WHERE NOT EXISTS (
                    SELECT 1 FROM ({visible}) v WHERE v.id = c.id))""",  # noqa: S608
            params,
        )
        return bool(cursor.fetchone()[0])

    def delete_visible_customers(self, cursor: CursorWrapper, temporary_table: str) -> None:
        """Delete the rows whose ``customer_id`` the actor sees from a temporary table."""
        visible, params = self._visible_customers_sql("id")
        cursor.execute(
            f"""DELETE FROM {temporary_table} WHERE customer_id IN (
                    SELECT v.id FROM ({visible}) v)""",  # noqa: S608
            params,
        )

    def _visible_customers_sql(self, *columns: str) -> tuple[str, tuple[Any, ...]]:
        customers = Customer.objects.visible_to(self.actor).order_by().values(*columns)
        query, params = customers.query.sql_with_params()
        return query, tuple(params)

    def header_for(self, column: str) -> str:
        """Return the file's header of one of our columns; our name where the file has none."""
        return self._headers.get(column, column)

    def report_step(self, step: ImportStep) -> None:
        """Report that a step begins."""
        self.report_progress(
            ImportProgress(step, self._rows_read, self.source.bytes_read, self.source.size)
        )

    def _create_batch(self) -> ImportBatch:
        batch = ImportBatch(
            kind=self.kind,
            file_name=self.source.name[:200],
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

    def _vacuum_after_large_import(self, merged: MergeResult) -> None:
        """Update statistics and the visibility map, which index-only scans need."""
        is_large = merged.rows_created + merged.rows_changed >= MIN_ROWS_TO_VACUUM
        if is_large and not connection.in_atomic_block:
            self.report_step(ImportStep.VACUUM)
            with connection.cursor() as cursor:
                cursor.execute(f"VACUUM (ANALYZE, SKIP_LOCKED) {self.table}")
