"""The way every import goes: authorise, stage, check, write, commit with its batch."""

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
from crm.services.importing.columns import Column, Matched, match_columns
from crm.services.importing.outcome import (
    ImportOptions,
    ImportResult,
    Progress,
    ProgressReporter,
    Step,
)
from crm.services.importing.rejects import count_reasons, sample_rejects, write_rejects
from crm.services.importing.staging import (
    Parse,
    collect_faults,
    create_tables,
    drop_tables,
    stage_rows,
)

ROWS_WORTH_TIDYING = 10_000


def ignore_progress(_progress: Progress) -> None:
    """Keep progress to oneself."""


@dataclass(frozen=True)
class Written:
    """What a merge did; rows neither created, changed nor rejected were unchanged."""

    created: int
    changed: int
    customers_created: int


class Importer(ABC):
    """One import. Derived classes say what is staged and how the stage is merged."""

    kind: ClassVar[BatchKind]
    permission: ClassVar[Permission]
    action: ClassVar[Action]
    table: ClassVar[str]
    # What the file may have, and what is staged of it; ``prepare`` may set them.
    columns: Sequence[Column]
    stage: Sequence[str]

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
        self.rows = 0
        self._headers: dict[str, str] = {}

    @abstractmethod
    def prepare(self) -> None:
        """Check the options and read what the import needs to know beforehand."""

    @abstractmethod
    def parser(self, matched: Matched) -> Parse:
        """Return what turns cells into the staged values, or raises RowRefusedError."""

    @abstractmethod
    def merge(self, cursor: CursorWrapper, batch_id: int) -> Written:
        """Check the stage in sets, add to ``stage_reject``, and write what is good."""

    def run(self) -> ImportResult:
        """Do it, all or nothing; see ``import_transactions`` for what it raises."""
        started = time.monotonic()
        authorise(self.actor, self.permission)
        self.prepare()
        matched = match_columns(self.columns, self.source.header, self.options.mapping)
        self._headers = {name: self.source.header[at] for name, at in matched.positions.items()}
        parse = self.parser(matched)
        with transaction.atomic(), connection.cursor() as cursor:
            # What is reported as kept is kept; and VACUUM marks as visible only what is on disk.
            cursor.execute("SET LOCAL synchronous_commit TO on")
            create_tables(cursor, ", ".join(self.stage))
            self.rows = stage_rows(
                cursor,
                self.source,
                parse,
                width=len(self.stage),
                header_for=self.header_for,
                report_progress=self.report_progress,
            )
            collect_faults(cursor)
            # One after the other from here: two files with the same rows would wait for each
            # other's in different order, and neither would see what the other brings.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('crm_import'))")
            batch = self._open_batch()
            # The file's name is the reason of every change it brings, of a grade's above all.
            with audited_transaction(
                self.actor, self.action, reason=self.source.name, batch_id=batch.pk
            ):
                written = self.merge(cursor, batch.pk)
            result = self._close(cursor, batch, written, matched, started)
            if result.batch_id is None:
                transaction.set_rollback(True)
        if result.batch_id is not None:
            self._tidy(written)
        return result

    def visible_unit(self) -> OrgUnit:
        """Return the unit new customers go to; raise ValidationError unless the actor sees it."""
        if not self.options.unit:
            return self.actor.unit
        unit = OrgUnit.objects.visible_to(self.actor).filter(code=self.options.unit).first()
        if unit is None:
            raise ValidationError({"unit": _("Not found or not yours")})
        return unit

    def find_known(self, cursor: CursorWrapper, codes: str) -> None:
        """Fill ``stage_known`` with those of the staged codes whose customers the actor sees."""
        drop_tables(cursor, "stage_known")
        visible, params = self._visible("id", "code")
        cursor.execute(
            f"""CREATE TEMP TABLE stage_known ON COMMIT DROP AS
                SELECT v.id, v.code FROM ({visible}) v WHERE v.code IN ({codes})""",  # noqa: S608
            params,
        )
        cursor.execute("ANALYZE stage_known")

    def sees_all(self, cursor: CursorWrapper) -> bool:
        """Tell whether there is no customer the actor does not see."""
        visible, params = self._visible("id")
        cursor.execute(
            f"""SELECT NOT EXISTS (SELECT 1 FROM crm_customer c WHERE NOT EXISTS (
                    SELECT 1 FROM ({visible}) v WHERE v.id = c.id))""",  # noqa: S608
            params,
        )
        return bool(cursor.fetchone()[0])

    def keep_hidden(self, cursor: CursorWrapper, table: str) -> None:
        """Drop from a temporary table (customer_id) the customers the actor sees."""
        visible, params = self._visible("id")
        cursor.execute(
            f"""DELETE FROM {table} WHERE customer_id IN (
                    SELECT v.id FROM ({visible}) v)""",  # noqa: S608
            params,
        )

    def _visible(self, *columns: str) -> tuple[str, tuple[Any, ...]]:
        rows = Customer.objects.visible_to(self.actor).order_by().values(*columns)
        query, params = rows.query.sql_with_params()
        return query, tuple(params)

    def header_for(self, column: str) -> str:
        """Return the file's own header of a column of ours."""
        return self._headers.get(column, column)

    def step(self, step: Step) -> None:
        """Say which step begins."""
        self.report_progress(Progress(step, self.rows, self.source.bytes_read, self.source.size))

    def _open_batch(self) -> ImportBatch:
        batch = ImportBatch(
            kind=self.kind,
            file_name=self.source.name[:200],
            sha256=self.source.sha256,
            actor=self.actor,
            channel=current_channel(),
        )
        batch.save()
        return batch

    def _close(
        self,
        cursor: CursorWrapper,
        batch: ImportBatch,
        written: Written,
        matched: Matched,
        started: float,
    ) -> ImportResult:
        reasons = count_reasons(cursor)
        rejected = sum(reasons.values())
        if rejected and self.options.rejects_path:
            write_rejects(self.options.rejects_path, self.source.header)
        kept = not self.options.dry_run and rejected < self.rows
        batch.rows_read = self.rows
        batch.rows_created, batch.rows_changed = written.created, written.changed
        batch.rows_rejected = rejected
        batch.rows_unchanged = self.rows - rejected - written.created - written.changed
        batch.save()
        return ImportResult(
            batch_id=batch.pk if kept else None,
            dry_run=self.options.dry_run,
            rows_read=batch.rows_read,
            rows_created=batch.rows_created,
            rows_changed=batch.rows_changed,
            rows_unchanged=batch.rows_unchanged,
            rows_rejected=batch.rows_rejected,
            customers_created=written.customers_created,
            ignored_headers=matched.ignored,
            reasons=reasons,
            sample=sample_rejects() if rejected else [],
            seconds=time.monotonic() - started,
        )

    def _tidy(self, written: Written) -> None:
        """Refresh statistics and the visibility map, which index-only scans live on."""
        many = written.created + written.changed >= ROWS_WORTH_TIDYING
        if many and not connection.in_atomic_block:
            self.step(Step.TIDY)
            with connection.cursor() as cursor:
                cursor.execute(f"VACUUM (ANALYZE, SKIP_LOCKED) {self.table}")
