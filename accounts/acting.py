"""Who changes something, through which channel, and as which action: the context of history.

A writing service authorises its actor and does its work inside ``audited_transaction``. The
database triggers that write history read the context it sets, so bulk updates and raw SQL are
attributed as well, and a tracked change outside of such a block is refused (docs/adr/0005).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from common.history import MIGRATION_CHANNEL, history_context


class Channel(models.TextChoices):
    """The way by which a request or change reaches the product."""

    BROWSER = "browser", _("in the browser")
    API = "api", _("through the API")
    ADMIN = "admin", _("in administration")
    COMMAND = "command", _("by a command")
    WORKER = "worker", _("by a job")
    MIGRATION = MIGRATION_CHANNEL, _("by the installation")  # a data migration


_channel: ContextVar[Channel] = ContextVar("channel", default=Channel.COMMAND)


@contextmanager
def request_channel(channel: Channel) -> Iterator[None]:
    """Set the channel that history records for the changes inside the block."""
    token = _channel.set(channel)
    try:
        yield
    finally:
        _channel.reset(token)


def current_channel() -> Channel:
    """Return the current channel; ``COMMAND`` outside of ``request_channel``."""
    return _channel.get()


def authorise(actor: User, permission: Permission) -> None:
    """Raise PermissionDenied unless the actor's role holds the permission."""
    if not actor.may(permission):
        raise PermissionDenied(permission.value)


@contextmanager
def audited_transaction(
    actor: User, action: Action, *, reason: str = "", batch_id: int | None = None
) -> Iterator[None]:
    """Open a transaction whose history names actor, action, channel, reason and import batch.

    Inside another ``audited_transaction`` this is a savepoint, and its actor, action, reason and
    batch are ignored: a merge that calls ``update_customer`` is recorded as the merge.
    """
    details: dict[str, object] = {}
    if reason:
        details["reason"] = reason
    if batch_id is not None:
        details["batch"] = batch_id
    with (
        transaction.atomic(),
        history_context(
            actor=actor.pk, action=action.value, channel=_channel.get().value, **details
        ),
    ):
        yield


def user_names(user_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of users by id, without scoping.

    The author of a change is part of the record: everyone who may see the record may see the name.
    """
    return dict(User.objects.filter(pk__in=user_ids).values_list("pk", "name"))
