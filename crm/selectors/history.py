"""Who changed what about a customer, and when: the history the triggers wrote, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import acting
from accounts.acting import Channel
from accounts.models import OrgUnit, User
from crm.models import Customer
from crm.models.customer import Stage

FIELDS: Mapping[str, Promise] = {
    "code": _("customer code"),
    "name": _("customer name"),
    "stage": _("stage"),
    "grade": _("customer grade"),
    "industry": _("industry"),
    "source": _("customer source"),
    "category": _("customer category"),
    "owner": _("account manager"),
    "unit": _("unit"),
    "parent": _("parent group"),
}
SCOPED = ("owner", "unit", "parent")
OPEN_TO_ALL = ("grade", "industry", "source", "category")
HIDDEN = _("outside your units")
CHANNEL_LABELS: Mapping[str, Promise] = {
    Channel.BROWSER: _("in the browser"),
    Channel.API: _("through the API"),
    Channel.ADMIN: _("in administration"),
    Channel.COMMAND: _("by a command"),
    Channel.WORKER: _("by a job"),
}


@dataclass(frozen=True)
class FieldChange:
    """One field before and after; blank stands for nothing."""

    label: str | Promise
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One state of the customer's record and how it differs from the one before."""

    at: datetime
    who: str
    channel: str | Promise
    reason: str
    created: bool
    fields: Sequence[FieldChange]


def latest_changes(user: User, customer: Customer, *, limit: int) -> list[Change]:
    """Return the last changes, newest first, of a customer already known to be in scope.

    Names of units, people and groups ``user`` does not see are left out; whoever made the change is
    named. States that differ in none of the fields people know are skipped.
    """
    # One state more than asked: the last one shown needs the one before it.
    states = list(_states(customer).select_related("pgh_context", *OPEN_TO_ALL)[: limit + 1])
    names = _Names(user, states)
    changes = []
    for number, state in enumerate(states[:limit]):
        before = states[number + 1] if number + 1 < len(states) else None
        change = _change(state, before, names)
        if change.created or change.fields:
            changes.append(change)
    return changes


def state_at(customer: Customer, version: int) -> dict[str, Any] | None:
    """Return the fields as they were at ``version``, foreign keys as ids; None if unknown."""
    return _states(customer).filter(version=version).values(*FIELDS).first()


def _states(customer: Customer) -> QuerySet[Any, Any]:
    # The model of the states is made by ``tracked``, so type checkers do not know it.
    states: QuerySet[Any, Any] = cast("Any", customer).events.order_by("-pgh_id")
    return states


class _Names:
    """The words for what states refer to, as far as the person sees it; three queries in all."""

    def __init__(self, user: User, states: Sequence[Any]) -> None:
        def ids(name: str) -> set[int]:
            keys = (getattr(state, name) for state in states)
            return {key for key in keys if key is not None}

        actors = {pk for state in states if (pk := _context(state).get("actor"))}
        people = ids("owner_id")
        self.actors = acting.user_names(actors)
        self.owner = {
            person.pk: person.name for person in User.objects.visible_to(user).filter(pk__in=people)
        }
        self.unit = {
            unit.pk: unit.name
            for unit in OrgUnit.objects.visible_to(user).filter(pk__in=ids("unit_id"))
        }
        self.parent = {
            parent.pk: parent.name
            for parent in Customer.objects.visible_to(user).filter(pk__in=ids("parent_id"))
        }

    def of(self, state: Any, name: str) -> str:
        """Return the words for one field of a state."""
        if name == "grade" and state.grade:
            return f"{state.grade.code} {state.grade.name}"
        if name in OPEN_TO_ALL:
            return str(getattr(state, name) or "")
        if name == "stage":
            return str(Stage(state.stage).label)
        if name in SCOPED:
            key = getattr(state, f"{name}_id")
            return "" if key is None else str(getattr(self, name).get(key, HIDDEN))
        return str(getattr(state, name))


def _context(state: Any) -> dict[str, Any]:
    return state.pgh_context.metadata if state.pgh_context else {}


def _change(state: Any, before: Any | None, names: _Names) -> Change:
    context = _context(state)
    return Change(
        at=state.pgh_created_at,
        who=names.actors.get(context.get("actor", 0), ""),
        channel=CHANNEL_LABELS.get(context.get("channel", ""), ""),
        reason=context.get("reason", ""),
        created=state.pgh_label == "insert",
        fields=[] if before is None else list(_differences(state, before, names)),
    )


def _differences(state: Any, before: Any, names: _Names) -> Iterator[FieldChange]:
    for name, label in FIELDS.items():
        key = name if name in {"code", "name", "stage"} else f"{name}_id"
        if getattr(state, key) != getattr(before, key):
            yield FieldChange(label, names.of(before, name), names.of(state, name))
