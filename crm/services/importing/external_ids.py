"""The steps that imports of customers' rows with external ids have in common.

A row is identified by its source system and that system's own id, so importing a file again changes
nothing. A row without an id gets one derived from its content and the number of its occurrence in
the file, such as ``#kQ…/2``: two equal rows of a file stay two records, and importing the file
again finds both.

``stage`` and ``stage_reject`` are those of ``staging``. ``stage`` has the columns ``customer`` (a
code), ``external_id`` and ``has_own_id``, which says that the id comes from the file, besides the
values of the rows. ``stage_valid`` has the rows that may be written, ``stage_visible_customer``
(id, code) the customers of the file that the actor sees. The parameters ``column`` and ``code`` of
a REJECT_ statement are the file's header and the reason.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import ClassVar

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

# Rejects the rows whose customer the actor does not see. If the import has created customers, such
# a code is either malformed or that of a hidden customer.
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
DELETE_REPEATED_IDS = "DELETE FROM stage_valid WHERE has_own_id AND occurrence > 1"


class ExternalIdImporter(Importer):
    """Finds the customers of the staged rows, and gives each external id one row.

    ``merge`` of a subclass calls ``reject_unknown_customers``, ``assign_external_ids`` and
    ``reject_ids_of_hidden_customers``, in this order, before it writes.
    """

    system_column: ClassVar[str]  # of ``table``: the id of the source system
    compared_columns: Sequence[str]  # of ``stage``: what two rows of one id must have in common

    def find_system(self) -> BillingSystem:
        """Return the source system of the options; raise ValidationError if there is none."""
        system = BillingSystem.objects.filter(code=self.options.system).first()
        if system is None:
            known = ", ".join(BillingSystem.objects.values_list("code", flat=True))
            message = _("There is no billing system “%(code)s”. There are: %(known)s.")
            values = {"code": self.options.system, "known": known}
            raise ValidationError({"system": message % values})
        return system

    def reject_unknown_customers(self, cursor: CursorWrapper) -> None:
        """Reject the rows whose customer the actor does not see."""
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

    def assign_external_ids(self, cursor: CursorWrapper) -> None:
        """Create ``stage_valid``, in which each external id has one row.

        Of several rows with the same id from the file the first is kept. Those that differ from it
        are rejected.
        """
        drop_tables(cursor, "stage_valid")
        cursor.execute(_create_stage_valid(self.compared_columns))
        cursor.execute("ANALYZE stage_valid")
        column = self.header_for("external_id")
        cursor.execute(
            _reject_contradictions(self.compared_columns),
            {"column": column, "code": RejectReason.TWICE_IN_FILE},
        )
        cursor.execute(DELETE_REPEATED_IDS)

    def reject_ids_of_hidden_customers(self, cursor: CursorWrapper, system_id: int) -> None:
        """Reject the rows that would change a record of a customer hidden from the actor.

        Users who do not see the customer of a record may not move it to another customer.
        """
        if self.may_see_every_customer(cursor):
            return
        same = f"t.{self.system_column} = %(system)s AND t.external_id = r.external_id"
        drop_tables(cursor, "stage_hidden_customer")
        # The visible customers are deleted from this table, so that the hidden ones remain.
        cursor.execute(
            f"""CREATE TEMP TABLE stage_hidden_customer ON COMMIT DROP AS
                SELECT DISTINCT t.customer_id FROM stage_valid r JOIN {self.table} t ON {same}""",  # noqa: S608
            {"system": system_id},
        )
        self.delete_visible_customers(cursor, "stage_hidden_customer")
        cursor.execute(
            f"""WITH rejected AS (
                    DELETE FROM stage_valid r USING {self.table} t
                     WHERE {same}
                       AND t.customer_id IN (SELECT customer_id FROM stage_hidden_customer)
                    RETURNING r.line, r.external_id
                )
                INSERT INTO stage_reject
                SELECT line, %(column)s, external_id, %(code)s FROM rejected""",  # noqa: S608
            {
                "system": system_id,
                "column": self.header_for("external_id"),
                "code": RejectReason.EXISTS_ELSEWHERE,
            },
        )


def derive_external_id(*content: object) -> str:
    """Return the first part of a derived external id: ``#`` and 20 characters.

    It is a hash of the row's content (120 bits of BLAKE2b), so equal rows get the same. The import
    appends the number of the row's occurrence in the file.
    """
    text = "\x1f".join(map(str, content)).encode()
    return "#" + urlsafe_b64encode(hashlib.blake2b(text, digest_size=15).digest()).decode()


def require_own_id(external_id: str) -> None:
    """Raise RowRejectedError for an id of a file that could collide with a derived one."""
    if _DERIVED_ID.fullmatch(external_id):
        raise RowRejectedError("external_id", external_id, RejectReason.RESERVED_ID)


def _create_stage_valid(columns: Sequence[str]) -> str:
    """Return the statement that creates ``stage_valid`` from the rows with a visible customer.

    ``occurrence`` is 1 for the first row of an external id, 2 for the next. Derived ids get it as
    their ending.
    """
    values = ", ".join(columns)
    return f"""
        CREATE TEMP TABLE stage_valid ON COMMIT DROP AS
        SELECT line, id AS customer_id, {values}, has_own_id, occurrence,
               CASE WHEN has_own_id THEN external_id
                    ELSE external_id || '/' || occurrence END AS external_id
          FROM (SELECT s.*, v.id, row_number() OVER (
                           PARTITION BY has_own_id, external_id ORDER BY line) AS occurrence
                  FROM stage s JOIN stage_visible_customer v ON v.code = s.customer
                 WHERE s.fault IS NULL) numbered
    """  # noqa: S608


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
