"""What imports of records that a source system identifies by an external id have in common.

The staging tables are those of ``staging``. ``stage`` has the columns ``customer`` (a code),
``external_id`` and ``has_own_id``, which says that the id comes from the file, besides the values
of the rows. ``stage_valid`` has the rows that may be written, with their ``customer_id``. Three
columns are about the record that is stored under the same id, and NULL if there is none:
``stored_id``, ``stored_customer_id``, and ``is_changed``, whether the row changes it. The
parameters ``column`` and ``code`` of a REJECT_ statement are the file's header and the reason.
"""

import hashlib
import re
from abc import abstractmethod
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from crm.models import BillingSystem
from crm.models.customer import CODE_PATTERN
from crm.services.importing.importer import Importer
from crm.services.importing.reasons import RejectReason
from crm.services.importing.staging import RowRejectedError, drop_tables

# A complete derived id: the result of derive_external_id and the number of the occurrence. A file
# may not use such ids itself, because they could collide with derived ones.
_DERIVED_ID = re.compile(r"#[A-Za-z0-9_-]{20}/[0-9]+")

# Creates ``stage_valid`` from the rows with a visible customer; ``{visible}`` is a query of the ids
# and codes of these. ``occurrence`` is 1 for the first row of an external id, 2 for the next.
# Derived ids get it as their ending. The rows get the order of their ids, so that the lookups, and
# the insert that follows, use neighbouring pages of the index. LATERAL with LIMIT makes PostgreSQL
# look up each id in the index; it would otherwise read the whole table for a large file.
CREATE_STAGE_VALID = """
    CREATE TEMP TABLE stage_valid ON COMMIT DROP AS
    WITH numbered AS (
        SELECT s.*, v.id AS customer_id,
               row_number() OVER (PARTITION BY has_own_id, external_id ORDER BY line) AS occurrence
          FROM ({visible}) v JOIN stage s ON s.customer = v.code
         WHERE s.fault IS NULL
    ), identified AS (
        SELECT line, customer_id, {columns}, has_own_id, occurrence,
               CASE WHEN has_own_id THEN external_id
                    ELSE external_id || '/' || occurrence END AS external_id
          FROM numbered
    )
    SELECT r.*, stored.id AS stored_id, stored.customer_id AS stored_customer_id, is_changed
      FROM identified r
      LEFT JOIN LATERAL (
           SELECT t.id, t.customer_id, {difference} AS is_changed
             FROM {table} t
            WHERE t.{system_column} = %s AND t.external_id = r.external_id
            LIMIT 1) stored ON TRUE
"""
# Rejects the rows whose customer the actor does not see: those without a row in ``stage_valid``
# when it has just been created. If the import has created customers, such a code is either
# malformed or that of a hidden customer.
REJECT_UNKNOWN_CUSTOMERS = """
    INSERT INTO stage_reject
    SELECT line, %(column)s, customer,
           CASE WHEN NOT %(create_customers)s THEN %(unknown)s
                WHEN customer !~ %(pattern)s THEN %(bad_code)s
                ELSE %(elsewhere)s END
      FROM stage s
     WHERE fault IS NULL AND NOT EXISTS (SELECT 1 FROM stage_valid v WHERE v.line = s.line)
"""
HAS_REPEATED_IDS = "SELECT EXISTS (SELECT 1 FROM stage_valid WHERE has_own_id AND occurrence > 1)"
DELETE_REPEATED_IDS = "DELETE FROM stage_valid WHERE has_own_id AND occurrence > 1"


# Rejects the rows that would change a record of a hidden customer. ``{visible}`` is the query of
# the ids of all customers that the actor sees.
REJECT_IDS_OF_HIDDEN_CUSTOMERS = """
    WITH hidden AS (
        SELECT DISTINCT stored_customer_id AS id FROM stage_valid
         WHERE stored_customer_id IS NOT NULL
        EXCEPT
        SELECT v.id FROM ({visible}) v
    ), rejected AS (
        DELETE FROM stage_valid r USING hidden
         WHERE r.stored_customer_id = hidden.id
        RETURNING r.line, r.external_id
    )
    INSERT INTO stage_reject SELECT line, %s, external_id, %s FROM rejected
"""


class ExternalIdImporter(Importer):
    """Finds the customers and the stored records of the staged rows.

    ``merge`` of a subclass calls ``find_stored_records`` before it writes.
    """

    system_column: ClassVar[str]  # of ``table``: the id of the source system
    compared_columns: Sequence[str]  # of ``stage``: what two rows of one id must have in common

    @abstractmethod
    def difference_sql(self) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for ``is_changed``, and its parameters.

        The condition compares the stored record ``t`` with the row ``r`` of the file.
        """

    def find_system(self) -> BillingSystem:
        """Return the source system of the options; raise ValidationError if there is none."""
        system = BillingSystem.objects.filter(code=self.options.system).first()
        if system is None:
            known = ", ".join(BillingSystem.objects.values_list("code", flat=True))
            message = _("There is no billing system “%(code)s”. There are: %(known)s.")
            values = {"code": self.options.system, "known": known}
            raise ValidationError({"system": message % values})
        return system

    def find_stored_records(self, cursor: CursorWrapper, system_id: int) -> None:
        """Create ``stage_valid``, in which each external id has one row, and reject other rows.

        Rejected are rows whose customer the actor does not see, rows that differ from an earlier
        one with the same id, and rows whose id belongs to a record of a hidden customer.
        """
        drop_tables(cursor, "stage_valid")
        visible, visible_params = self.visible_customers_sql("id", "code")
        difference, difference_params = self.difference_sql()
        statement = CREATE_STAGE_VALID.format(
            columns=", ".join(self.compared_columns),
            visible=visible,
            difference=difference,
            table=self.table,
            system_column=self.system_column,
        )
        cursor.execute(statement, (*visible_params, *difference_params, system_id))
        rows_with_customer = cursor.rowcount
        cursor.execute("ANALYZE stage_valid (line, has_own_id, occurrence, stored_id, is_changed)")
        if rows_with_customer != self.rows_readable:
            self._reject_unknown_customers(cursor)
        cursor.execute(HAS_REPEATED_IDS)
        if cursor.fetchone()[0]:
            self._reject_repeated_ids(cursor)
        self._reject_ids_of_hidden_customers(cursor)

    def _reject_unknown_customers(self, cursor: CursorWrapper) -> None:
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

    def _reject_repeated_ids(self, cursor: CursorWrapper) -> None:
        """Keep the first of several rows with the same id from the file.

        Those that differ from it are rejected.
        """
        cursor.execute(
            _reject_contradictions(self.compared_columns),
            {"column": self.header_for("external_id"), "code": RejectReason.TWICE_IN_FILE},
        )
        cursor.execute(DELETE_REPEATED_IDS)

    def _reject_ids_of_hidden_customers(self, cursor: CursorWrapper) -> None:
        """Reject the rows that would change a record of a customer hidden from the actor.

        Users who do not see the customer of a record may not move it to another customer.
        """
        if self.may_see_every_customer(cursor):
            return
        visible, params = self.visible_customers_sql("id")
        cursor.execute(
            REJECT_IDS_OF_HIDDEN_CUSTOMERS.format(visible=visible),
            (*params, self.header_for("external_id"), RejectReason.EXISTS_ELSEWHERE),
        )


def derive_external_id(*content: object) -> str:
    """Return the first part of a derived external id: ``#`` and 20 characters.

    It is a hash of the row's content (120 bits of BLAKE2b), so equal rows get the same. The import
    appends the number of the row's occurrence in the file.
    """
    text = "\x1f".join(map(str, content)).encode()
    return "#" + urlsafe_b64encode(hashlib.blake2b(text, digest_size=15).digest()).decode()


def is_derived_id(external_id: str) -> bool:
    """Return whether the id has the form of a complete derived id."""
    return external_id.startswith("#") and _DERIVED_ID.fullmatch(external_id) is not None


def require_own_id(external_id: str) -> None:
    """Raise RowRejectedError for an id of a file that could collide with a derived one."""
    if is_derived_id(external_id):
        raise RowRejectedError("external_id", external_id, RejectReason.RESERVED_ID)


def _reject_contradictions(columns: Sequence[str]) -> str:
    """Return the statement that rejects the rows that differ from the first row of the same id.

    They stay in ``stage_valid`` until DELETE_REPEATED_IDS removes them together with the equal
    rows, which count as unchanged.
    """
    later = ", ".join(f"later.{name}" for name in columns)
    first = ", ".join(f"first.{name}" for name in columns)
    return f"""
        INSERT INTO stage_reject
        SELECT later.line, %(column)s, later.external_id, %(code)s
          FROM stage_valid later
          JOIN stage_valid first
            ON first.external_id = later.external_id AND first.has_own_id AND first.occurrence = 1
         WHERE later.has_own_id AND later.occurrence > 1
           AND (later.customer_id, {later}) IS DISTINCT FROM (first.customer_id, {first})
    """  # noqa: S608
