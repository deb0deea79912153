"""Reading the history of records, for pages that show who changed what.

Database triggers write it: for each insert, update and delete of a record, they add a row to a
table that ``common.history.tracked`` has made, with the record's new values (or its last ones, if
it was deleted). Such a row is called a state here; ``record.events`` are the states of a record.
Besides the values, it has ``pgh_id`` (ascending), ``pgh_label`` (``"insert"``, ``"update"`` or
``"delete"``), ``pgh_created_at`` and ``pgh_context`` (by whom and how).

A change is shown as the differences between two consecutive states, in the record's declared fields
or, if it has none, in the fields of its model. The name of a related record is shown only to users
who may see that record, a sensitive value only to those who may see the field. A file that was
added to the record or removed from it is a change of the record (``file_changes``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignKey, JSONField, Model, QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import Channel, user_names
from accounts.actions import Action
from accounts.models import User
from accounts.scoping import ScopedModel, ScopedQuerySet
from core.fields.declarations import FieldDeclaration
from core.fields.reference import Reference
from core.files.kinds import FileKind
from core.files.records import attachment_records_of

# The text for a related record that the user may not see. A deleted one of a scoped model looks the
# same, so that nobody can tell which of the two it is.
HIDDEN_RECORD_TEXT = gettext_lazy("outside your units")
DELETED_RECORD_TEXT = gettext_lazy("deleted since")
# Fields that the database or the service derives from others.
DERIVED_FIELDS = frozenset({"id", "version", "path"})
# Values of pgh_label.
INSERT_LABEL, UPDATE_LABEL, DELETE_LABEL = "insert", "update", "delete"
SHOWN_HASH_DIGITS = 12  # of the 64 of a file's SHA-256


@dataclass(frozen=True)
class FieldChange:
    """The texts of one field before and after a change; blank if there was no value."""

    label: str | Promise
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One entry of a record's history, as texts for people."""

    at: datetime
    user_name: str  # blank for a data migration, which has no user
    action: str | Promise
    channel: str | Promise
    reason: str
    batch_id: int | None  # of the import that made the change
    is_created: bool
    fields: Sequence[FieldChange]  # empty for the creation, and for a deletion
    summary: str | Promise = ""  # what the user did, if it was no creation or edit of the record


@dataclass(frozen=True)
class _HistoryField:
    """How a field is compared and shown. Both functions take a state."""

    label: str | Promise
    stored_value: Callable[[Any], Any]  # states are compared by it
    text: Callable[[Any], str]


def latest_changes(
    user: User,
    record: Any,
    *,
    limit: int,
    fields: Iterable[FieldDeclaration] | None = None,
) -> list[Change]:
    """Return the last changes of a tracked record, newest first.

    The caller has checked that ``user`` may see the record. ``fields`` are its declared fields;
    None means the fields of its model. Updates that differ in none of the fields are left out, so
    fewer than ``limit`` changes may be returned although there are older ones.
    """
    # One state more than ``limit``, because each is compared with the one before it.
    states = list(_states(record)[: limit + 1])
    related = _RelatedTexts(user, states)
    history_fields = (
        _model_fields(states, related)
        if fields is None
        else _declared_fields(fields, user, related)
    )
    contexts = [_context(state) for state in states]
    actor_ids = {context["actor"] for context in contexts if context.get("actor")}
    user_names_by_id = user_names(actor_ids)
    changes = []
    for number, state in enumerate(states[:limit]):
        before = states[number + 1] if number + 1 < len(states) else None  # newest come first
        change = _change(
            state,
            [] if before is None else _differences(state, before, history_fields),
            contexts[number],
            user_names_by_id,
            is_created=state.pgh_label == INSERT_LABEL,
        )
        if change.is_created or change.fields or state.pgh_label == DELETE_LABEL:
            changes.append(change)
    changes += file_changes(record, limit=limit)
    # Changes of one transaction have the same time. A record is made before its files are added.
    newest_first = sorted(changes, key=lambda each: (each.at, not each.is_created), reverse=True)
    return newest_first[:limit]


def file_changes(record: Any, *, limit: int) -> list[Change]:
    """Return the last additions and removals of files of a record, newest first.

    The caller has checked that the user may see the record. Each has one field, with the file's
    name, kind, size and the beginning of its SHA-256. Takes no query if the records of this model
    have no files, otherwise one or two.
    """
    records = attachment_records_of(type(record))
    if records is None:
        return []
    events: QuerySet[Any, Any] = apps.get_model("core", "AttachmentEvent").objects.all()
    states = list(
        events.filter(record_type=records.name, record_id=record.pk)
        .filter(pgh_label__in=[INSERT_LABEL, DELETE_LABEL])
        .select_related("pgh_context")
        .order_by("-pgh_id")[:limit]
    )
    names = user_names({_context(state)["actor"] for state in states}) if states else {}
    return [_file_change(state, names) for state in states]


def _file_change(state: Any, user_names_by_id: Mapping[int, str]) -> Change:
    text = _("%(name)s (%(kind)s, %(size)s, SHA-256 %(hash)s…)") % {
        "name": state.name,
        "kind": FileKind(state.kind).label,
        "size": filesizeformat(state.size),
        "hash": state.sha256[:SHOWN_HASH_DIGITS],
    }
    is_added = state.pgh_label == INSERT_LABEL
    before, after = ("", text) if is_added else (text, "")
    field = FieldChange(gettext_lazy("attachment"), before, after)
    change = _change(state, [field], _context(state), user_names_by_id, is_created=False)
    summary = gettext_lazy("added a file") if is_added else gettext_lazy("removed a file")
    return replace(change, summary=summary)


def state_at(record: Any, version: int) -> Any | None:
    """Return the state of a record when it had a version; None if it never had that version.

    A state has the attributes of the record, so forms and declarations can read it like a record.
    """
    return _states(record).filter(version=version).first()


def states_written_by_job(model: type[Model], job_id: int) -> QuerySet[Any]:
    """Return the states that a job's updates of records of a tracked model wrote, in order.

    The caller shows none of a record that the user may not see.
    """
    states: Any = model._meta.get_field("events").related_model  # noqa: SLF001 (documented)
    written: QuerySet[Any] = states.objects.filter(
        pgh_context__metadata__job=job_id, pgh_label=UPDATE_LABEL
    )
    return written.order_by("pgh_id")


def state_before(state: Any) -> Any:
    """Return the state of the same record before an update."""
    earlier: QuerySet[Any] = type(state).objects.filter(
        pgh_obj_id=state.pgh_obj_id, pgh_id__lt=state.pgh_id
    )
    return earlier.latest("pgh_id")


def _states(record: Any) -> QuerySet[Any, Any]:
    """Return the states, newest first, joined with related records that every user may see.

    ``common.history.tracked`` creates the model of the states at run time, so mypy has no type for
    it. Related records of scoped models are read by ``_RelatedTexts``.
    """
    unscoped_relations = [
        field.name
        for field in record.events.model._meta.fields  # noqa: SLF001 (Django documents _meta)
        if _is_related(field) and not issubclass(field.related_model, ScopedModel)
    ]
    states: QuerySet[Any, Any] = record.events.order_by("-pgh_id")
    return states.select_related("pgh_context", *unscoped_relations)


def _is_related(field: Field[Any, Any]) -> bool:
    """Return whether the field of a state is a foreign key of the record itself."""
    return isinstance(field, ForeignKey) and not field.name.startswith("pgh_")


class _RelatedTexts:
    """The texts of all related records that some states refer to.

    Making it takes one query for each scoped model among them, such as User and OrgUnit.
    """

    def __init__(self, user: User, states: Sequence[Any]) -> None:
        ids: dict[type[ScopedModel], set[Any]] = {}
        for field in states[0]._meta.fields if states else ():  # noqa: SLF001
            if _is_related(field) and issubclass(field.related_model, ScopedModel):
                keys = {getattr(state, field.attname) for state in states} - {None}
                ids.setdefault(field.related_model, set()).update(keys)
        self._texts = {
            model: _visible_texts(user, model, keys) for model, keys in ids.items() if keys
        }

    def text_of(self, state: Any, field: Field[Any, Any]) -> str:
        """Return the text of the record that ``field`` refers to in ``state``.

        Blank if there is none; HIDDEN_RECORD_TEXT if the user may not see it; DELETED_RECORD_TEXT
        for a record of an unscoped model, such as an industry, that was deleted.
        """
        key = getattr(state, field.attname)
        if key is None:
            return ""
        model: Any = field.related_model
        if issubclass(model, ScopedModel):
            return self._texts.get(model, {}).get(key, str(HIDDEN_RECORD_TEXT))
        record = getattr(state, field.name)
        return str(DELETED_RECORD_TEXT) if record is None else str(record)


def _visible_texts(user: User, model: type[ScopedModel], keys: set[Any]) -> dict[Any, str]:
    """Return the texts of those records with ``keys`` that the user may see, by key."""
    visible: QuerySet[Any] = ScopedQuerySet(model).visible_to(user)
    return {record.pk: str(record) for record in visible.filter(pk__in=keys)}


def _declared_fields(
    fields: Iterable[FieldDeclaration], user: User, related: _RelatedTexts
) -> list[_HistoryField]:
    return [_declared_field(field, user, related) for field in fields]


def _declared_field(field: FieldDeclaration, user: User, related: _RelatedTexts) -> _HistoryField:
    def stored_value(state: Any) -> Any:
        return field.value_of(state) if field.is_custom else getattr(state, field.column)

    def text(state: Any) -> str:
        if isinstance(field.kind, Reference):
            column = state._meta.get_field(field.name)  # noqa: SLF001
            if issubclass(column.related_model, ScopedModel):
                return related.text_of(state, column)
            if stored_value(state) is not None and field.value_of(state) is None:
                return str(DELETED_RECORD_TEXT)
        return field.text_of(state, user)

    return _HistoryField(field.label, stored_value, text)


def _model_fields(states: Sequence[Any], related: _RelatedTexts) -> list[_HistoryField]:
    if not states:
        return []
    return [
        _model_field(field, related)
        for field in states[0]._meta.fields  # noqa: SLF001
        if not field.name.startswith("pgh_") and field.name not in DERIVED_FIELDS
    ]


def _model_field(field: Field[Any, Any], related: _RelatedTexts) -> _HistoryField:
    def text(state: Any) -> str:
        if _is_related(field):
            return related.text_of(state, field)
        return _value_text(field, getattr(state, field.attname))

    return _HistoryField(field.verbose_name, lambda state: getattr(state, field.attname), text)


def _value_text(field: Field[Any, Any], value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, JSONField):
        return ""  # the history shows that it changed, but JSON is not readable for people
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def _context(state: Any) -> Mapping[str, Any]:
    """Return who made the change and how, as ``accounts.acting.audited_transaction`` recorded it.

    For example ``{"actor": 7, "action": "customer.update", "channel": "browser", "batch": 12}``.
    ``actor`` is None for a data migration; ``reason`` and ``batch`` may be absent.
    """
    context: Mapping[str, Any] = state.pgh_context.metadata
    return context


def _change(
    state: Any,
    fields: Sequence[FieldChange],
    context: Mapping[str, Any],
    user_names_by_id: Mapping[int, str],
    *,
    is_created: bool,
) -> Change:
    action, channel = context.get("action", ""), context.get("channel", "")
    return Change(
        at=state.pgh_created_at,
        user_name=user_names_by_id.get(context.get("actor") or 0, ""),  # 0 is no user's id
        action=Action(action).label if action in Action.values else action,
        channel=Channel(channel).label if channel in Channel.values else channel,
        reason=context.get("reason", ""),
        batch_id=context.get("batch"),
        is_created=is_created,
        fields=fields,
    )


def _differences(state: Any, before: Any, fields: Sequence[_HistoryField]) -> list[FieldChange]:
    return [
        FieldChange(field.label, field.text(before), field.text(state))
        for field in fields
        if field.stored_value(state) != field.stored_value(before)
    ]
