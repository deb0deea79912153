"""Reading the history that database triggers write, as people read it: the one place that does.

A record with declared fields shows those; any other tracked record shows the fields of its model. A
related record is named only to users who may see it, a sensitive value only to those who may see
the field.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Field, ForeignKey, JSONField, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import Channel, user_names
from accounts.actions import Action
from accounts.models import User
from accounts.scoping import ScopedModel, ScopedQuerySet
from core.fields.declarations import FieldDeclaration
from core.fields.kinds import Reference

HIDDEN = gettext_lazy("outside your units")
INSERT = "insert"


@dataclass(frozen=True)
class FieldChange:
    """One field before and after; blank stands for nothing."""

    label: str | Promise
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One entry of a record's history, and how the record differs from the entry before.

    ``user_name`` is blank where the installation made the change. ``batch_id`` is the import the
    change came with; None for any other change.
    """

    at: datetime
    user_name: str
    action: str | Promise
    channel: str | Promise
    reason: str
    batch_id: int | None
    is_created: bool
    fields: Sequence[FieldChange]


@dataclass(frozen=True)
class _HistoryField:
    """A field as history compares and writes it."""

    label: str | Promise
    stored: Callable[[Any], Any]  # what is compared
    text: Callable[[Any], str]


def latest_changes(
    user: User,
    record: Any,
    *,
    limit: int,
    fields: Iterable[FieldDeclaration] | None = None,
) -> list[Change]:
    """Return the last changes, newest first, of a tracked record already known to be in scope.

    Entries that differ in none of the fields shown are left out.
    """
    # One state more than asked for: the last one shown is compared with the one before it.
    states = list(_states(record)[: limit + 1])
    related = _RelatedTexts(user, states)
    history_fields = (
        _model_fields(states, related)
        if fields is None
        else _declared_fields(fields, user, related)
    )
    contexts = [_context(state) for state in states]
    names = user_names({actor for each in contexts if (actor := each.get("actor"))})
    changes = []
    for number, state in enumerate(states[:limit]):
        before = states[number + 1] if number + 1 < len(states) else None
        change = _change(state, before, contexts[number], names, history_fields)
        if change.is_created or change.fields or state.pgh_label == "delete":
            changes.append(change)
    return changes


def state_at(record: Any, version: int) -> Any | None:
    """Return the record's state at a version, with the record's attributes; None if unknown."""
    return _states(record).filter(version=version).first()


def _states(record: Any) -> QuerySet[Any, Any]:
    # The model of the states is made by ``tracked``, so type checkers do not know it.
    lists = [
        field.name
        for field in record.events.model._meta.fields  # noqa: SLF001 (documented for everyone)
        if _is_related(field) and not issubclass(field.related_model, ScopedModel)
    ]
    states: QuerySet[Any, Any] = record.events.order_by("-pgh_id")
    return states.select_related("pgh_context", *lists)


def _is_related(field: Field[Any, Any]) -> bool:
    return isinstance(field, ForeignKey) and not field.name.startswith("pgh_")


class _RelatedTexts:
    """The names of related records of scoped models, as far as the user sees them.

    One query for each model that the states refer to.
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

    def of(self, state: Any, field: Field[Any, Any]) -> str:
        """Return the name of the related record; what it is not to be seen by, is hidden."""
        key = getattr(state, field.attname)
        if key is None:
            return ""
        model: Any = field.related_model
        if issubclass(model, ScopedModel):
            return self._texts.get(model, {}).get(key, str(HIDDEN))
        return str(getattr(state, field.name))


def _visible_texts(user: User, model: type[ScopedModel], keys: set[Any]) -> dict[Any, str]:
    visible: QuerySet[Any] = ScopedQuerySet(model).visible_to(user)
    return {record.pk: str(record) for record in visible.filter(pk__in=keys)}


def _declared_fields(
    fields: Iterable[FieldDeclaration], user: User, related: _RelatedTexts
) -> list[_HistoryField]:
    return [_declared_field(field, user, related) for field in fields]


def _declared_field(field: FieldDeclaration, user: User, related: _RelatedTexts) -> _HistoryField:
    def text(state: Any) -> str:
        if isinstance(field.kind, Reference):
            column = state._meta.get_field(field.name)  # noqa: SLF001
            if issubclass(column.related_model, ScopedModel):
                return related.of(state, column)
        return field.text_of(state, user)

    def stored(state: Any) -> Any:
        return field.value_of(state) if field.is_custom else getattr(state, field.column)

    return _HistoryField(field.label, stored, text)


def _model_fields(states: Sequence[Any], related: _RelatedTexts) -> list[_HistoryField]:
    if not states:
        return []
    return [
        _model_field(field, related)
        for field in states[0]._meta.fields  # noqa: SLF001
        if not field.name.startswith("pgh_") and field.name not in {"id", "version", "path"}
    ]


def _model_field(field: Field[Any, Any], related: _RelatedTexts) -> _HistoryField:
    def text(state: Any) -> str:
        if _is_related(field):
            return related.of(state, field)
        return _plain_text(field, getattr(state, field.attname))

    return _HistoryField(field.verbose_name, lambda state: getattr(state, field.attname), text)


def _plain_text(field: Field[Any, Any], value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) if not isinstance(field, JSONField) else ""
    return str(value)


def _context(state: Any) -> Mapping[str, Any]:
    context: Mapping[str, Any] = state.pgh_context.metadata
    return context


def _change(
    state: Any,
    before: Any | None,
    context: Mapping[str, Any],
    names: Mapping[int, str],
    fields: Sequence[_HistoryField],
) -> Change:
    action, channel = context.get("action", ""), context.get("channel", "")
    return Change(
        at=state.pgh_created_at,
        user_name=names.get(context.get("actor") or 0, ""),
        action=Action(action).label if action in Action.values else action,
        channel=Channel(channel).label if channel in Channel.values else channel,
        reason=context.get("reason", ""),
        batch_id=context.get("batch"),
        is_created=state.pgh_label == INSERT,
        fields=[] if before is None else _differences(state, before, fields),
    )


def _differences(state: Any, before: Any, fields: Sequence[_HistoryField]) -> list[FieldChange]:
    return [
        FieldChange(field.label, field.text(before), field.text(state))
        for field in fields
        if field.stored(state) != field.stored(before)
    ]
