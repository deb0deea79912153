"""Setting one field of many rows of a list, and taking that back. Both are jobs.

Each record is changed by its own service, as its form does: the same checks, the same history. A
record that the service refuses is named with the reason; the others are changed. What was changed
is read from the history, whose rows name the job.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from common.errors import RefusedError
from core.fields.declarations import FieldDeclaration, fields_by_name
from core.fields.reference import Reference
from core.history import state_before, states_written_by_job
from core.jobs.declarations import JobKind, JobResult, RunningJob
from core.listing.declarations import BulkEdit, ListDeclaration, Sort
from core.listing.paging import KeysetPager
from core.listing.registry import lists
from core.listing.row_selection import RowSelection
from core.listing.selection import UserList
from core.models import Job
from core.services.job import request_job, run_job_now
from core.writing import get_locked

MAX_ROWS_AT_ONCE = 50  # an edit of more rows is made by a worker
ROWS_PER_TRANSACTION = 100
MAX_REFUSALS = 500  # that the job's page names


@dataclass
class _Outcome:
    """What became of the records that were not changed."""

    unchanged: int = 0
    refused: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, record_id: int, name: str, message: str) -> None:
        self.refused += 1
        if len(self.refusals) < MAX_REFUSALS:
            self.refusals.append({"id": record_id, "name": name, "message": message})


class _Editor:
    """The list, the edit and the field of a job, for its actor."""

    def __init__(self, declaration: ListDeclaration, field_name: str, actor: User) -> None:
        self.edit = find_edit(declaration, field_name)
        authorise(actor, self.edit.permission)
        if declaration.permission is not None:
            authorise(actor, declaration.permission)
        self.declaration, self.actor = declaration, actor
        self.user_list = UserList(declaration, actor)
        self.field: FieldDeclaration = fields_by_name(self.user_list.fields)[field_name]
        self.outcome = _Outcome()

    def records(self, ids: Sequence[int]) -> QuerySet[Any]:
        """Return the records with these ids that the actor may see."""
        rows = self.declaration.rows(self.actor).filter(pk__in=ids).order_by("pk")
        is_reference = isinstance(self.field.kind, Reference)
        return rows.select_related(self.field.name) if is_reference else rows

    def update(self, record: Any, value: Any, reason: str) -> None:
        """Set the field of a record; note if the record has the value, or is refused."""
        if self.field.value_of(record) == value:
            self.outcome.unchanged += 1
            return
        try:
            with transaction.atomic():  # a refusal rolls back the changes of this record only
                self.edit.update(self.actor, record.pk, {self.field.name: value}, reason)
        except ValidationError as error:
            self.outcome.refuse(record.pk, str(record), " ".join(error.messages))
        except PermissionDenied:
            self.outcome.refuse(record.pk, str(record), _("You are not allowed to do this."))
        except ObjectDoesNotExist:
            self.outcome.refuse(record.pk, "", _("Not found or not yours"))

    def result(self, job_id: int, **shown: Any) -> JobResult:
        """Return the result. Rows that an earlier attempt of the job changed count as changed."""
        return JobResult(
            rows_done=_changed(self.declaration, self.actor, job_id).count(),
            rows_refused=self.outcome.refused,
            result={
                "field": self.field.list_label,
                "refusals": self.outcome.refusals,
                **shown,
            },
        )


def find_edit(declaration: ListDeclaration, field_name: str) -> BulkEdit:
    """Return the edit of a field; raise RefusedError if the list has none."""
    for edit in declaration.bulk_edits:
        if edit.field == field_name:
            return edit
    raise RefusedError("no_such_edit", _("The list has no such field to edit."))


def request_edit(
    *,
    declaration: ListDeclaration,
    field_name: str,
    selection: RowSelection,
    value: Any,
    reason: str,
    actor: User,
) -> Job:
    """Set a field of the selected rows, at once if they are few, and return the job.

    ``value`` is a value of the field's kind, or None to empty it. Raises PermissionDenied, and
    RefusedError for a field that the list does not let users edit.
    """
    editor = _Editor(declaration, field_name, actor)
    rows = selection.rows(editor.user_list)
    is_small = len(rows.order_by()[: MAX_ROWS_AT_ONCE + 1]) <= MAX_ROWS_AT_ONCE
    request = run_job_now if is_small else request_job
    return request(
        kind=LIST_EDIT,
        parameters={
            "list": declaration.name,
            "field": field_name,
            "value": _to_json(editor.field, value),
            "reason": reason,
            "selection": selection.to_json(),
        },
        actor=actor,
    )


def run_edit(job: RunningJob) -> JobResult:
    """Set the field of the job's rows."""
    parameters = job.parameters
    editor = _Editor(lists()[parameters["list"]], parameters["field"], job.actor)
    value = _from_json(editor.field, parameters["value"], job.actor)
    rows = RowSelection.from_json(parameters["selection"]).rows(editor.user_list)
    total, done = rows.count(), 0
    for ids in _batches_of_ids(rows):
        with audited_transaction(job.actor, Action.LIST_EDIT, reason=parameters["reason"]):
            for record in editor.records(ids):
                editor.update(record, value, parameters["reason"])
        done += len(ids)
        job.report_progress("edit", done=done, total=total)
    text = "" if value is None else editor.field.format(value, job.actor)
    return editor.result(job.pk, value=text, unchanged=editor.outcome.unchanged)


def run_undo(job: RunningJob) -> JobResult:
    """Give the field back the value it had before the job that this one takes back.

    A record whose field has been changed since keeps its value, and is named.
    """
    parameters = job.parameters
    editor = _Editor(lists()[parameters["list"]], parameters["field"], job.actor)
    reason = _("Undo of job %d") % parameters["undo_of"]
    states = _changed(editor.declaration, job.actor, parameters["undo_of"])
    total, done = states.count(), 0
    for batch in _batches_of_states(states):
        with audited_transaction(job.actor, Action.LIST_EDIT, reason=reason):
            for state in batch:
                _restore(editor, state, reason)
        done += len(batch)
        job.report_progress("edit", done=done, total=total)
    return editor.result(job.pk, is_undo=True, unchanged=editor.outcome.unchanged)


def _restore(editor: _Editor, state: Any, reason: str) -> None:
    """Give a record the value that the field had before this state, if it has the state's value."""
    rows = editor.declaration.rows(editor.actor)
    try:
        record = get_locked(rows, state.pgh_obj_id)
    except ObjectDoesNotExist:
        editor.outcome.refuse(state.pgh_obj_id, "", _("Not found or not yours"))
        return
    value = editor.field.value_of(state_before(state))
    current = editor.field.value_of(record)
    if current == value:
        editor.outcome.unchanged += 1
    elif current != editor.field.value_of(state):
        editor.outcome.refuse(record.pk, str(record), _("Changed since"))
    else:
        editor.update(record, value, reason)


def _changed(declaration: ListDeclaration, actor: User, job_id: int) -> QuerySet[Any]:
    """Return the states of history that a job's edit wrote, one for each record it changed."""
    return states_written_by_job(declaration.rows(actor).model, job_id)


def _batches_of_ids(rows: QuerySet[Any]) -> Iterator[Sequence[int]]:
    """Yield the ids of the rows in order: two jobs at once then wait for each other, not both."""
    pager = KeysetPager(rows, Sort(), descending=False, page_size=ROWS_PER_TRANSACTION)
    page = pager.first_page()
    while page.ids:
        yield page.ids
        if not (page.has_next and page.last):
            return
        page = pager.page_after(page.last)


def _batches_of_states(states: QuerySet[Any]) -> Iterator[Sequence[Any]]:
    last = 0
    while True:
        batch = list(states.filter(pgh_id__gt=last)[:ROWS_PER_TRANSACTION])
        if not batch:
            return
        yield batch
        last = batch[-1].pgh_id


def _to_json(declared: FieldDeclaration, value: Any) -> Any:
    if value is None or not isinstance(declared.kind, Reference):
        return None if value is None else declared.kind.to_json(value)
    return value.pk


def _from_json(declared: FieldDeclaration, stored: Any, actor: User) -> Any:
    """Return the value; raise RefusedError for a record that the actor may no longer refer to."""
    if stored is None or not isinstance(declared.kind, Reference):
        return None if stored is None else declared.kind.from_json(stored)
    record = declared.kind.records(actor).filter(pk=stored).first()
    if record is None:
        raise RefusedError("value_is_gone", _("What was chosen is not there any more."))
    return record


def _count_changed(job: Job) -> int:
    return _changed(lists()[job.parameters["list"]], job.actor, job.pk).count()


def _kind(name: str, label: Any, run: Callable[[RunningJob], JobResult], **options: Any) -> JobKind:
    activities: Mapping[str, Any] = {"edit": gettext_lazy("Changing records")}
    return JobKind(
        name=name,
        label=label,
        run=run,
        activities=activities,
        result_template="core/listing/edit_result.html",
        count_changed=_count_changed,
        **options,
    )


LIST_EDIT = _kind("list.edit", gettext_lazy("Bulk edit"), run_edit, undone_by="list.edit_undo")
LIST_EDIT_UNDO = _kind("list.edit_undo", gettext_lazy("Undo of a bulk edit"), run_undo)
