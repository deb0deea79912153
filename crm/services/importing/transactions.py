"""Import of transactions, which are identified by billing system and external id.

A corrected row replaces the stored transaction. The staging tables are those of ``external_ids``.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.acting import authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission
from common.files import RowSource
from crm.models import Source
from crm.models.batch import BatchKind
from crm.models.customer import CODE_PATTERN, Stage
from crm.services.importing.columns import TRANSACTION_COLUMNS, MatchedColumns
from crm.services.importing.external_ids import ExternalIdImporter
from crm.services.importing.importer import MergeResult
from crm.services.importing.options import ImportOptions
from crm.services.importing.progress import ImportStep, ProgressReporter, ignore_progress
from crm.services.importing.result import ImportResult
from crm.services.importing.staging import RowParser
from crm.services.importing.transaction_rows import TransactionRowParser

MAX_FUTURE = timedelta(days=366)  # a transaction further ahead is taken for a typing mistake
NEW_CUSTOMER_SOURCE = "billing_import"  # code of the customer source, if the list still has it

# Creates customers of the codes that nobody has. The name is one of those in the file, or the code.
CREATE_CUSTOMERS = """
    INSERT INTO crm_customer
           (code, name, stage, source_id, unit_id, owner_id, version, created_at, updated_at)
    SELECT customer, coalesce(min(nullif(customer_name, '')), customer), %(stage)s, %(source)s,
           %(unit)s, %(owner)s, 1, now(), now()
      FROM stage s
     WHERE fault IS NULL AND customer ~ %(pattern)s
       AND NOT EXISTS (SELECT 1 FROM crm_customer c WHERE c.code = s.customer)
     GROUP BY customer
    ON CONFLICT (code) DO NOTHING
"""
# Whether the stored transaction ``t`` differs from the row ``r``.
DIFFERENCE = """
    (t.customer_id, t.amount, t.occurred_on, t.kind, t.currency)
    IS DISTINCT FROM (r.customer_id, r.amount, r.occurred_on, r.kind, %s)
"""
# The numbers of new and of changed rows.
COUNT_ROWS_TO_WRITE = """
    SELECT count(*) FILTER (WHERE stored_id IS NULL), count(*) FILTER (WHERE is_changed)
      FROM stage_valid
"""
UPDATE_TRANSACTIONS = """
    UPDATE crm_transaction t SET
           customer_id = s.customer_id, amount = s.amount, occurred_on = s.occurred_on,
           batch_id = %(batch)s, kind = s.kind, currency = %(currency)s
      FROM stage_valid s
     WHERE t.id = s.stored_id AND s.is_changed
"""
INSERT_TRANSACTIONS = """
    INSERT INTO crm_transaction
           (customer_id, amount, occurred_on, batch_id, billing_system_id, kind, currency,
            external_id)
    SELECT customer_id, amount, occurred_on, %(batch)s, %(system)s, kind, %(currency)s, external_id
      FROM stage_valid WHERE stored_id IS NULL
"""


def import_transactions(
    *,
    source: RowSource,
    actor: User,
    options: ImportOptions | None = None,
    report_progress: ProgressReporter = ignore_progress,
) -> ImportResult:
    """Import the valid rows of ``source``; the result counts all rows and has the rejected ones.

    Raises PermissionDenied; ValidationError for an option, under ``mapping``, ``system`` or
    ``unit``; and FileRefusedError if the source cannot be read, lacks a required column or has no
    rows, or if the file of rejected rows cannot be written. Nothing is imported then.
    """
    options = options or ImportOptions()
    return TransactionImporter(
        source=source, actor=actor, options=options, report_progress=report_progress
    ).run()


class TransactionImporter(ExternalIdImporter):
    """Finds or creates the customers of the staged rows, and writes the transactions."""

    batch_kind = BatchKind.TRANSACTIONS
    permission = Permission.TRANSACTION_IMPORT
    action = Action.TRANSACTION_IMPORT
    columns = TRANSACTION_COLUMNS
    table = "crm_transaction"
    system_column = "billing_system_id"
    compared_columns = ("occurred_on", "amount", "kind")
    # In the order of the values of TransactionRowParser.
    value_columns = (
        "customer text", "customer_name text", "occurred_on date", "amount bigint",
        "kind smallint", 'external_id text COLLATE "C"', "has_own_id boolean",
    )  # fmt: skip

    def prepare(self) -> None:
        """Find the billing system and the unit of new customers.

        To create customers, the actor also needs the permission to import customers.
        """
        self._unit = self.new_customer_unit()
        if self.options.create_customers:
            authorise(self.actor, Permission.CUSTOMER_IMPORT)
            self.authorise_unit(self._unit)
        self._system = self.find_system()

    def row_parser(self, matched: MatchedColumns) -> RowParser:
        """Return a parser that accepts the company's currency and dates up to a year ahead."""
        latest_date = timezone.localdate() + MAX_FUTURE
        return TransactionRowParser(matched, currency=settings.CURRENCY, latest_date=latest_date)

    def difference_sql(self) -> tuple[str, tuple[Any, ...]]:
        """Return the comparison of everything but the batch."""
        return DIFFERENCE, (settings.CURRENCY,)

    def merge(self, cursor: CursorWrapper, batch_id: int) -> MergeResult:
        """Find or create the customers, reject invalid rows, and write the others."""
        created = self._create_customers(cursor) if self.options.create_customers else 0
        self.find_stored_records(cursor, self._system.pk)
        self.report_step(ImportStep.WRITE)
        values: dict[str, int | str] = {
            "batch": batch_id,
            "system": self._system.pk,
            "currency": settings.CURRENCY,
        }
        cursor.execute(COUNT_ROWS_TO_WRITE)
        rows_created, rows_changed = cursor.fetchone()
        if rows_changed:
            cursor.execute(UPDATE_TRANSACTIONS, values)
            rows_changed = cursor.rowcount
        if rows_created:
            cursor.execute(INSERT_TRANSACTIONS, values)
        return MergeResult(rows_created, rows_changed, customers_created=created)

    def _create_customers(self, cursor: CursorWrapper) -> int:
        """Create the customers of the file that do not exist; return how many.

        They are at the stage *signed*, because they have transactions. As in ``create_customer``,
        users who see only their own customers own those they create.
        """
        source = Source.objects.filter(code=NEW_CUSTOMER_SOURCE).first()
        source_id = source.pk if source else None
        cursor.execute(
            CREATE_CUSTOMERS,
            {
                "stage": Stage.SIGNED,
                "source": source_id,
                "unit": self._unit.pk,
                "owner": self.actor.pk if self.actor.access_level == DataAccessLevel.OWN else None,
                "pattern": CODE_PATTERN,
            },
        )
        return int(cursor.rowcount)
