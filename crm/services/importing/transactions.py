"""Import of transactions, which are identified by billing system and external id.

A corrected row replaces the stored transaction. The staging tables are those of ``external_ids``.
"""

from datetime import timedelta

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
# Returns the numbers of new and of changed transactions. A row that is equal to the stored one
# writes nothing and is not counted. xmax is 0 in a row that was inserted and not updated.
UPSERT_TRANSACTIONS = """
    WITH written AS (
        INSERT INTO crm_transaction AS t
               (customer_id, amount, occurred_on, batch_id, billing_system_id, kind, currency,
                external_id)
        SELECT customer_id, amount, occurred_on, %(batch)s, %(system)s, kind, %(currency)s,
               external_id
          FROM stage_valid
        ON CONFLICT (billing_system_id, external_id) DO UPDATE SET
               customer_id = excluded.customer_id, amount = excluded.amount,
               occurred_on = excluded.occurred_on, batch_id = excluded.batch_id,
               kind = excluded.kind, currency = excluded.currency
         WHERE (t.customer_id, t.amount, t.occurred_on, t.kind, t.currency) IS DISTINCT FROM
               (excluded.customer_id, excluded.amount, excluded.occurred_on, excluded.kind,
                excluded.currency)
        RETURNING xmax = 0 AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
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
    """Finds or creates the customers of the staged rows, and upserts the transactions."""

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

    def merge(self, cursor: CursorWrapper, batch_id: int) -> MergeResult:
        """Find or create the customers, reject invalid rows, and upsert the others."""
        created = self._create_customers(cursor) if self.options.create_customers else 0
        self.reject_unknown_customers(cursor)
        self.assign_external_ids(cursor)
        self.reject_ids_of_hidden_customers(cursor, self._system.pk)
        self.report_step(ImportStep.WRITE)
        cursor.execute(
            UPSERT_TRANSACTIONS,
            {"batch": batch_id, "system": self._system.pk, "currency": settings.CURRENCY},
        )
        rows_created, rows_changed = cursor.fetchone()
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
