"""Import of transactions, which are identified by billing system and external id.

Importing a file again changes nothing, and a corrected row replaces the stored transaction. A row
without an external id gets one derived from its content and the number of its occurrence in the
file, such as ``#kQ…/2``. Two equal rows of a file thus stay two transactions, and importing the
file again finds both.

``stage`` and ``stage_reject`` are those of ``staging``; ``stage_valid`` has the rows that may be
written. ``stage_visible_customer`` (id, code) has the customers of the file that the actor sees.
The parameters ``column`` and ``code`` of a REJECT_ statement are the file's header and the reason.
"""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission
from common.files import RowSource
from crm.models import BillingSystem, Source
from crm.models.batch import BatchKind
from crm.models.customer import CODE_PATTERN, Stage
from crm.services.importing.columns import TRANSACTION_COLUMNS, MatchedColumns
from crm.services.importing.importer import Importer, MergeResult
from crm.services.importing.options import ImportOptions
from crm.services.importing.progress import ImportStep, ProgressReporter, ignore_progress
from crm.services.importing.reasons import RejectReason
from crm.services.importing.result import ImportResult
from crm.services.importing.staging import RowParser, drop_tables
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
# Rejects the rows whose customer the actor does not see. After CREATE_CUSTOMERS, such a code is
# either malformed or that of a hidden customer.
REJECT_UNKNOWN_CUSTOMERS = """
    INSERT INTO stage_reject
    SELECT line, %(column)s, customer,
           CASE WHEN NOT %(create_customers)s THEN %(unknown)s
                WHEN customer !~ %(pattern)s THEN %(bad_code)s
                ELSE %(elsewhere)s END
      FROM stage s
     WHERE fault IS NULL
       AND NOT EXISTS (SELECT 1 FROM stage_visible_customer v WHERE v.code = s.customer)
"""
# The rows whose customer is visible, with complete external ids. ``has_own_id`` says that the id
# comes from the file. ``occurrence`` is 1 for the first row of an external id, 2 for the next.
CREATE_STAGE_VALID = """
    CREATE TEMP TABLE stage_valid ON COMMIT DROP AS
    SELECT line, id AS customer_id, occurred_on, amount, kind, has_own_id, occurrence,
           CASE WHEN has_own_id THEN external_id
                ELSE external_id || '/' || occurrence END AS external_id
      FROM (SELECT s.*, v.id, row_number() OVER (
                       PARTITION BY has_own_id, external_id ORDER BY line) AS occurrence
              FROM stage s JOIN stage_visible_customer v ON v.code = s.customer
             WHERE s.fault IS NULL) numbered
"""
# Rejects the rows that differ from the first row of the same external id. They stay in stage_valid
# until DELETE_REPEATED_IDS removes them together with the equal rows, which count as unchanged.
REJECT_CONTRADICTIONS = """
    INSERT INTO stage_reject
    SELECT later.line, %(column)s, later.external_id, %(code)s
      FROM stage_valid later
      JOIN stage_valid first
        ON first.external_id = later.external_id AND first.has_own_id AND first.occurrence = 1
     WHERE later.has_own_id AND later.occurrence > 1
       AND (later.customer_id, later.occurred_on, later.amount, later.kind)
           IS DISTINCT FROM (first.customer_id, first.occurred_on, first.amount, first.kind)
"""
DELETE_REPEATED_IDS = "DELETE FROM stage_valid WHERE has_own_id AND occurrence > 1"
# The customers of the stored transactions that the rows would change. The importer then deletes the
# visible ones from the table, so that the hidden ones remain.
CREATE_STAGE_HIDDEN_CUSTOMER = """
    CREATE TEMP TABLE stage_hidden_customer ON COMMIT DROP AS
    SELECT DISTINCT t.customer_id
      FROM stage_valid r
      JOIN crm_transaction t
        ON t.billing_system_id = %(system)s AND t.external_id = r.external_id
"""
# A user who does not see the customer of a transaction may not move it to another customer.
REJECT_IDS_OF_HIDDEN_CUSTOMERS = """
    WITH rejected AS (
        DELETE FROM stage_valid r USING crm_transaction t
         WHERE t.billing_system_id = %(system)s AND t.external_id = r.external_id
           AND t.customer_id IN (SELECT customer_id FROM stage_hidden_customer)
        RETURNING r.line, r.external_id
    )
    INSERT INTO stage_reject SELECT line, %(column)s, external_id, %(code)s FROM rejected
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


class TransactionImporter(Importer):
    """Finds or creates the customers of the staged rows, and upserts the transactions."""

    batch_kind = BatchKind.TRANSACTIONS
    permission = Permission.TRANSACTION_IMPORT
    action = Action.TRANSACTION_IMPORT
    columns = TRANSACTION_COLUMNS
    table = "crm_transaction"
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
        system = BillingSystem.objects.filter(code=self.options.system).first()
        if system is None:
            known = ", ".join(BillingSystem.objects.values_list("code", flat=True))
            message = _("There is no billing system “%(code)s”. There are: %(known)s.")
            values = {"code": self.options.system, "known": known}
            raise ValidationError({"system": message % values})
        self._system = system

    def row_parser(self, matched: MatchedColumns) -> RowParser:
        """Return a parser that accepts the company's currency and dates up to a year ahead."""
        latest_date = timezone.localdate() + MAX_FUTURE
        return TransactionRowParser(matched, currency=settings.CURRENCY, latest_date=latest_date)

    def merge(self, cursor: CursorWrapper, batch_id: int) -> MergeResult:
        """Find or create the customers, reject invalid rows, and upsert the others."""
        created = self._create_customers(cursor) if self.options.create_customers else 0
        self._reject_unknown_customers(cursor)
        self._assign_external_ids(cursor)
        self._reject_ids_of_hidden_customers(cursor)
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

    def _reject_unknown_customers(self, cursor: CursorWrapper) -> None:
        self.stage_visible_customers(cursor, "SELECT customer FROM stage WHERE fault IS NULL")
        cursor.execute(
            REJECT_UNKNOWN_CUSTOMERS,
            {
                "column": self.header_for("customer"),
                "create_customers": self.options.create_customers,
                "pattern": CODE_PATTERN,
                "unknown": RejectReason.UNKNOWN_CUSTOMER,
                "bad_code": RejectReason.BAD_CODE,
                "elsewhere": RejectReason.EXISTS_ELSEWHERE,
            },
        )

    def _assign_external_ids(self, cursor: CursorWrapper) -> None:
        """Create ``stage_valid``, in which each external id has one row.

        Of several rows with the same id from the file the first is kept. Those that differ from it
        are rejected.
        """
        drop_tables(cursor, "stage_valid")
        cursor.execute(CREATE_STAGE_VALID)
        cursor.execute("ANALYZE stage_valid")
        column = self.header_for("external_id")
        cursor.execute(
            REJECT_CONTRADICTIONS, {"column": column, "code": RejectReason.TWICE_IN_FILE}
        )
        cursor.execute(DELETE_REPEATED_IDS)

    def _reject_ids_of_hidden_customers(self, cursor: CursorWrapper) -> None:
        """Reject the rows that would change a transaction of a customer hidden from the actor."""
        if self.may_see_every_customer(cursor):
            return
        drop_tables(cursor, "stage_hidden_customer")
        cursor.execute(CREATE_STAGE_HIDDEN_CUSTOMER, {"system": self._system.pk})
        self.delete_visible_customers(cursor, "stage_hidden_customer")
        cursor.execute(
            REJECT_IDS_OF_HIDDEN_CUSTOMERS,
            {
                "system": self._system.pk,
                "column": self.header_for("external_id"),
                "code": RejectReason.EXISTS_ELSEWHERE,
            },
        )
