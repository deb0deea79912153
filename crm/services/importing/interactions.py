"""Import of interactions, for example from a call centre or from an old system's file.

An interaction is identified by its source system and external id: see ``external_ids``. As in the
import of customers, a missing column or an empty cell leaves the field of an existing interaction
unchanged, and a new one gets the default. Database triggers write the history.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from common.files import RowSource
from core.fields.declarations import FieldDeclaration
from core.fields.faults import ValueFault
from crm.fields import INTERACTION
from crm.models.batch import BatchKind
from crm.models.interaction import MAX_EXTERNAL_ID_LENGTH, PHASE_BY_STAGE, Direction
from crm.services.importing.columns import (
    INTERACTION_ID_COLUMN,
    MatchedColumns,
    declared_columns,
)
from crm.services.importing.external_ids import (
    ExternalIdImporter,
    derive_external_id,
    require_own_id,
)
from crm.services.importing.importer import MergeResult
from crm.services.importing.options import ImportOptions
from crm.services.importing.progress import ImportStep, ProgressReporter, ignore_progress
from crm.services.importing.reasons import RejectReason
from crm.services.importing.record_rows import RecordRowParser, staged_column
from crm.services.importing.result import ImportResult
from crm.services.importing.staging import RowParser, RowRejectedError
from crm.services.interaction import MAX_FUTURE

# A file must have these columns, and a row these values.
REQUIRED = frozenset({"customer", "channel", "occurred_at", "content"})
FIELD_NAMES = [field.name for field in INTERACTION.fields]
# Columns of the interaction that are written with the values of ``stage_valid``.
WRITTEN_COLUMNS = [field.column for field in INTERACTION.fields if field.name != "customer"]

# In the order of ids, so that two transactions that lock several cannot deadlock.
LOCK_EXISTING = """
    SELECT count(*) FROM (
        SELECT t.id
          FROM crm_interaction t JOIN stage_valid s USING (external_id)
         WHERE t.source_system_id = %(system)s
         ORDER BY t.id FOR UPDATE OF t
    ) locked
"""
# Rows after which a required custom field has no value.
REJECT_MISSING_CUSTOM_VALUE = """
    WITH rejected AS (
        DELETE FROM stage_valid s
         WHERE NOT coalesce(s.custom_values ? %(key)s, FALSE)
           AND NOT EXISTS (SELECT 1 FROM crm_interaction t
                            WHERE t.source_system_id = %(system)s
                              AND t.external_id = s.external_id)
        RETURNING s.line
    )
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM rejected
"""


def import_interactions(
    *,
    source: RowSource,
    actor: User,
    options: ImportOptions | None = None,
    report_progress: ProgressReporter = ignore_progress,
) -> ImportResult:
    """Import the valid rows of ``source``; the result counts all rows and has the rejected ones.

    Raises PermissionDenied; ValidationError for an option, under ``mapping`` or ``system``; and
    FileRefusedError if the source cannot be read, lacks a required column or has no rows, or if the
    file of rejected rows cannot be written. Nothing is imported then.
    """
    options = options or ImportOptions()
    return InteractionImporter(
        source=source, actor=actor, options=options, report_progress=report_progress
    ).run()


class InteractionRowParser(RowParser):
    """A RowParser: the values of the declared fields, the external id, and whether it is given."""

    def __init__(
        self, matched: MatchedColumns, fields: Sequence[FieldDeclaration], *, actor: User
    ) -> None:
        self._fields = RecordRowParser(matched, fields, required=REQUIRED, actor=actor)
        self._id_position = matched.position_of(INTERACTION_ID_COLUMN.name)
        self._latest = timezone.now() + MAX_FUTURE

    def parse_row(self, cells: list[str]) -> Sequence[Any]:
        """Return the values to stage; raise RowRejectedError for the first bad cell."""
        *field_values, custom_values = self._fields.parse_row(cells)
        values = dict(zip(FIELD_NAMES, field_values, strict=True))
        if values["occurred_at"] > self._latest:
            text = timezone.localtime(values["occurred_at"]).isoformat(" ", "minutes")
            raise RowRejectedError("occurred_at", text, RejectReason.IN_FUTURE)
        if (values["next_step"] is None) != (values["next_step_on"] is None):
            missing = "next_step" if values["next_step"] is None else "next_step_on"
            raise RowRejectedError(missing, "", RejectReason.STEP_WITHOUT_DATE)
        external_id = cells[self._id_position].strip()
        if len(external_id) > MAX_EXTERNAL_ID_LENGTH:
            raise RowRejectedError("external_id", external_id, ValueFault.TOO_LONG)
        require_own_id(external_id)
        has_own_id = bool(external_id)
        external_id = external_id or derive_external_id(
            values["customer"], values["occurred_at"], values["channel"], values["content"]
        )
        return *field_values, custom_values, external_id, has_own_id


class InteractionImporter(ExternalIdImporter):
    """Finds the customers of the staged rows, then updates and inserts the interactions."""

    batch_kind = BatchKind.INTERACTIONS
    permission = Permission.INTERACTION_IMPORT
    action = Action.INTERACTION_IMPORT
    table = "crm_interaction"
    system_column = "source_system_id"
    compared_columns = (*WRITTEN_COLUMNS, "custom_values")
    # In the order of the values of InteractionRowParser.
    value_columns = (
        *(staged_column(field) for field in INTERACTION.fields),
        "custom_values jsonb", 'external_id text COLLATE "C"', "has_own_id boolean",
    )  # fmt: skip

    def prepare(self) -> None:
        """Read the declared fields, and find the source system."""
        self._fields = INTERACTION.all_fields()
        self.columns = (*declared_columns(self._fields, REQUIRED), INTERACTION_ID_COLUMN)
        self._system = self.find_system()

    def row_parser(self, matched: MatchedColumns) -> RowParser:
        """Return a parser of the declared fields and the external id."""
        return InteractionRowParser(matched, self._fields, actor=self.actor)

    def difference_sql(self) -> tuple[str, tuple[Any, ...]]:
        """Return TRUE: the UPDATE compares, because it leaves fields without a value unchanged."""
        return "TRUE", ()

    def merge(self, cursor: CursorWrapper, batch_id: int) -> MergeResult:
        """Find the customers, reject invalid rows, and update and insert the others."""
        self.find_stored_records(cursor, self._system.pk)
        self._reject_missing_custom_values(cursor)
        cursor.execute(LOCK_EXISTING, {"system": self._system.pk})
        self.report_step(ImportStep.WRITE)
        cursor.execute(_update_interactions(), {"system": self._system.pk})
        changed = cursor.rowcount
        cursor.execute(_insert_interactions(), self._new_values())
        return MergeResult(cursor.rowcount, changed, customers_created=0)

    def _reject_missing_custom_values(self, cursor: CursorWrapper) -> None:
        for field in self._fields:
            if field.is_custom and field.required:
                cursor.execute(
                    REJECT_MISSING_CUSTOM_VALUE,
                    {
                        "system": self._system.pk,
                        "key": field.custom_key,
                        "column": self.header_for(field.name),
                        "code": ValueFault.MISSING,
                    },
                )

    def _new_values(self) -> dict[str, Any]:
        """Return the parameters of the INSERT: the system and the defaults."""
        return {
            "system": self._system.pk,
            "user_id": self.actor.pk,
            "direction": Direction.OUTBOUND,
            "stages": [str(stage) for stage in PHASE_BY_STAGE],
            "phases": [str(phase) for phase in PHASE_BY_STAGE.values()],
        }


def _update_interactions() -> str:
    """Return the statement that updates the existing interactions that differ from the file."""
    names = [*WRITTEN_COLUMNS, "custom_values"]
    selected = ", ".join(f"coalesce(s.{name}, old.{name}) AS {name}" for name in WRITTEN_COLUMNS)
    assigned = ", ".join(f"{name} = merged.{name}" for name in names)
    old_values = ", ".join(f"t.{name}" for name in names)
    new_values = ", ".join(f"merged.{name}" for name in names)
    return f"""
        UPDATE crm_interaction t
           SET version = t.version + 1, updated_at = now(), customer_id = merged.customer_id,
               {assigned}
          FROM (SELECT old.id, s.customer_id, {selected},
                       old.custom_values || coalesce(s.custom_values, '{{}}') AS custom_values
                  FROM stage_valid s
                  JOIN crm_interaction old
                    ON old.source_system_id = %(system)s AND old.external_id = s.external_id) merged
         WHERE t.id = merged.id
           AND (t.customer_id, {old_values}) IS DISTINCT FROM (merged.customer_id, {new_values})
    """  # noqa: S608


def _insert_interactions() -> str:
    """Return the statement that inserts the new interactions, with defaults for missing values."""
    defaults = {
        "direction": "%(direction)s",
        "phase": "(%(phases)s::text[])[array_position(%(stages)s::text[], c.stage::text)]",
        "user_id": "%(user_id)s",
        "outcome": "''",
        "next_step": "''",
    }
    names = ", ".join(WRITTEN_COLUMNS)
    values = ", ".join(
        f"coalesce(s.{name}, {defaults[name]})" if name in defaults else f"s.{name}"
        for name in WRITTEN_COLUMNS
    )
    return f"""
        INSERT INTO crm_interaction
               (customer_id, source_system_id, external_id, custom_values, version, created_at,
                updated_at, {names})
        SELECT s.customer_id, %(system)s, s.external_id, coalesce(s.custom_values, '{{}}'), 1,
               now(), now(), {values}
          FROM stage_valid s JOIN crm_customer c ON c.id = s.customer_id
         WHERE NOT EXISTS (SELECT 1 FROM crm_interaction t
                            WHERE t.source_system_id = %(system)s
                              AND t.external_id = s.external_id)
         ORDER BY s.line
    """  # noqa: S608
