"""Who does something, and by which door: what history keeps beside every change.

``recorded`` wraps the body of every writing service. The triggers that write history read the
context it sets, so that rows changed by bulk updates or raw SQL carry it as well.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pghistory
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission

BROWSER, API, ADMIN, COMMAND, WORKER = "browser", "api", "admin", "command", "worker"

_door: ContextVar[str] = ContextVar("door", default=COMMAND)


@contextmanager
def through(door: str) -> Iterator[None]:
    """Mark what happens inside as having come through ``door``."""
    token = _door.set(door)
    try:
        yield
    finally:
        _door.reset(token)


def current_door() -> str:
    """Return the door that what happens now came through."""
    return _door.get()


def authorise(actor: User, permission: Permission) -> None:
    """Raise PermissionDenied unless the actor's role holds the permission."""
    if not actor.may(permission):
        raise PermissionDenied(permission.value)


@contextmanager
def recorded(actor: User, action: str, *, reason: str = "") -> Iterator[None]:
    """Run a change as one transaction whose history names actor, action, door and reason."""
    extra = {"reason": reason} if reason else {}
    with (
        transaction.atomic(),
        pghistory.context(actor=actor.pk, action=action, door=_door.get(), **extra),
    ):
        yield


def names_of(actors: Iterable[int]) -> dict[int, str]:
    """Return the names of those who made changes, by id.

    Who made a change is part of its record: whoever sees the record is told, whatever their scope.
    """
    people = User.objects.filter(pk__in=actors).values_list("pk", "name")
    return dict(people)
