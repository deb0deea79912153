"""Importing transactions: idempotent by (billing system, external id).

Rows without an id of their own carry one made of their content; the running number behind it keeps
two identical rows of one file two, and makes sending the file again find both.
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
from crm.services.importing.columns import TRANSACTION_COLUMNS, Matched
from crm.services.importing.importer import Importer, Written, ignore_progress
from crm.services.importing.outcome import ImportOptions, ImportResult, ProgressReporter, Step
from crm.services.importing.reasons import Reason
from crm.services.importing.staging import Parse, drop_tables
from crm.services.importing.transaction_rows import TransactionParser

FURTHEST_AHEAD = timedelta(days=366)
NEW_CUSTOMER_SOURCE = "billing_import"

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
REJECT_UNKNOWN = """
    INSERT INTO stage_reject
    SELECT line, %(column)s, customer,
           CASE WHEN NOT %(creating)s THEN %(unknown)s
                WHEN customer !~ %(pattern)s THEN %(bad_code)s
                ELSE %(elsewhere)s END
      FROM stage s
     WHERE fault IS NULL AND NOT EXISTS (SELECT 1 FROM stage_known k WHERE k.code = s.customer)
"""
NUMBER = """
    CREATE TEMP TABLE stage_ready ON COMMIT DROP AS
    SELECT line, id AS customer_id, occurred_on, amount, kind, own_id, nth,
           CASE WHEN own_id THEN external_id ELSE external_id || '/' || nth END AS external_id
      FROM (SELECT s.*, k.id, row_number() OVER (
                       PARTITION BY own_id, external_id ORDER BY line) AS nth
              FROM stage s JOIN stage_known k ON k.code = s.customer
             WHERE s.fault IS NULL) numbered
"""
REJECT_CONTRADICTIONS = """
    INSERT INTO stage_reject
    SELECT later.line, %(column)s, later.external_id, %(code)s
      FROM stage_ready later
      JOIN stage_ready first
        ON first.external_id = later.external_id AND first.own_id AND first.nth = 1
     WHERE later.own_id AND later.nth > 1
       AND (later.customer_id, later.occurred_on, later.amount, later.kind)
           IS DISTINCT FROM (first.customer_id, first.occurred_on, first.amount, first.kind)
"""
HELD = """
    CREATE TEMP TABLE stage_held ON COMMIT DROP AS
    SELECT DISTINCT t.customer_id
      FROM stage_ready r
      JOIN crm_transaction t
        ON t.billing_system_id = %(system)s AND t.external_id = r.external_id
"""
# Whoever does not see the customer a transaction hangs on cannot take it from there.
REJECT_OTHERS = """
    WITH taken AS (
        DELETE FROM stage_ready r USING crm_transaction t
         WHERE t.billing_system_id = %(system)s AND t.external_id = r.external_id
           AND t.customer_id IN (SELECT customer_id FROM stage_held)
        RETURNING r.line, r.external_id
    )
    INSERT INTO stage_reject SELECT line, %(column)s, external_id, %(code)s FROM taken
"""
UPSERT = """
    WITH written AS (
        INSERT INTO crm_transaction AS t
               (customer_id, amount, occurred_on, batch_id, billing_system_id, kind, currency,
                external_id)
        SELECT customer_id, amount, occurred_on, %(batch)s, %(system)s, kind, %(currency)s,
               external_id
          FROM stage_ready
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
    """Bring transactions in, all good rows or, when anything fails, none.

    Raises PermissionDenied; ValidationError for options (keys mapping, system, unit); and
    FileRefusedError when the input as a whole cannot be read. Bad rows are in the result.
    """
    options = options or ImportOptions()
    return TransactionImporter(
        source=source, actor=actor, options=options, report_progress=report_progress
    ).run()


class TransactionImporter(Importer):
    """Stages transactions, resolves their customers, and upserts them in one statement."""

    kind = BatchKind.TRANSACTIONS
    permission = Permission.TRANSACTION_IMPORT
    action = Action.TRANSACTION_IMPORT
    columns = TRANSACTION_COLUMNS
    table = "crm_transaction"
    stage = (
        "customer text", "customer_name text", "occurred_on date", "amount bigint",
        "kind smallint", 'external_id text COLLATE "C"', "own_id boolean",
    )  # fmt: skip

    def prepare(self) -> None:
        """Check the options that rows are read with."""
        if self.options.create_customers:
            authorise(self.actor, Permission.CUSTOMER_IMPORT)
        self._unit = self.visible_unit()
        system = BillingSystem.objects.filter(code=self.options.system).first()
        if system is None:
            known = ", ".join(BillingSystem.objects.values_list("code", flat=True))
            message = _("There is no billing system “%(code)s”. There are: %(known)s.")
            values = {"code": self.options.system, "known": known}
            raise ValidationError({"system": message % values})
        self._system = system

    def parser(self, matched: Matched) -> Parse:
        """Return what reads a row."""
        latest = timezone.localdate() + FURTHEST_AHEAD
        return TransactionParser(matched, currency=settings.CURRENCY, latest=latest)

    def merge(self, cursor: CursorWrapper, batch_id: int) -> Written:
        """Resolve, check, upsert."""
        customers_created = self._resolve_customers(cursor)
        self._number(cursor)
        self._reject_taken(cursor)
        self.step(Step.WRITE)
        cursor.execute(
            UPSERT,
            {"batch": batch_id, "system": self._system.pk, "currency": settings.CURRENCY},
        )
        created, changed = cursor.fetchone()
        return Written(created, changed, customers_created)

    def _resolve_customers(self, cursor: CursorWrapper) -> int:
        created = self._create_customers(cursor) if self.options.create_customers else 0
        self.find_known(cursor, "SELECT customer FROM stage WHERE fault IS NULL")
        cursor.execute(
            REJECT_UNKNOWN,
            {
                "column": self.header_for("customer"),
                "creating": self.options.create_customers,
                "pattern": CODE_PATTERN,
                "unknown": Reason.UNKNOWN_CUSTOMER,
                "bad_code": Reason.BAD_CODE,
                "elsewhere": Reason.EXISTS_ELSEWHERE,
            },
        )
        return created

    def _create_customers(self, cursor: CursorWrapper) -> int:
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

    def _number(self, cursor: CursorWrapper) -> None:
        """Give every row its id; of those saying the same twice keep the first."""
        drop_tables(cursor, "stage_ready")
        cursor.execute(NUMBER)
        cursor.execute("ANALYZE stage_ready")
        column = self.header_for("external_id")
        cursor.execute(REJECT_CONTRADICTIONS, {"column": column, "code": Reason.TWICE_IN_FILE})
        cursor.execute("DELETE FROM stage_ready WHERE own_id AND nth > 1")

    def _reject_taken(self, cursor: CursorWrapper) -> None:
        if self.sees_all(cursor):
            return
        drop_tables(cursor, "stage_held")
        cursor.execute(HELD, {"system": self._system.pk})
        self.keep_hidden(cursor, "stage_held")
        cursor.execute(
            REJECT_OTHERS,
            {
                "system": self._system.pk,
                "column": self.header_for("external_id"),
                "code": Reason.EXISTS_ELSEWHERE,
            },
        )
