"""Authorising writes, and recording who made each change, as which action, through which channel.

A writing service calls ``authorise(actor, permission)`` and makes its changes inside
``with audited_transaction(actor, Action.CUSTOMER_UPDATE):``. The database triggers that write the
history read actor, action and channel from that block, so bulk updates and raw SQL are attributed
too. The database refuses a change of a tracked model outside of such a block (docs/adr/0005).
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
    """The way by which a request or change reaches the product.

    History and import batches store the value, for example ``"browser"``.
    """

    BROWSER = "browser", _("in the browser")
    API = "api", _("through the API")
    ADMIN = "admin", _("in administration")
    COMMAND = "command", _("by a command")
    WORKER = "worker", _("by a job")
    # A data migration. common.history sets this channel and cannot import this class.
    MIGRATION = MIGRATION_CHANNEL, _("by the installation")


# Middleware sets the channel of requests and Celery tasks set theirs; management commands set none.
_channel: ContextVar[Channel] = ContextVar("channel", default=Channel.COMMAND)


@contextmanager
def request_channel(channel: Channel) -> Iterator[None]:
    """Set the channel of all changes inside the block, whichever service makes them."""
    token = _channel.set(channel)
    try:
        yield
    finally:
        _channel.reset(token)


def current_channel() -> Channel:
    """Return the current channel; ``COMMAND`` outside of ``request_channel``."""
    return _channel.get()


def authorise(actor: User, permission: Permission) -> None:
    """Raise PermissionDenied unless the actor is active and their role holds the permission."""
    if not actor.may(permission):
        raise PermissionDenied(permission.value)


# The job whose function runs, if any.
_job_id: ContextVar[int | None] = ContextVar("job_id", default=None)


@contextmanager
def job_context(job_id: int) -> Iterator[None]:
    """Let the history of all changes inside the block name the job that makes them."""
    token = _job_id.set(job_id)
    try:
        yield
    finally:
        _job_id.reset(token)


@contextmanager
def audited_transaction(
    actor: User, action: Action, *, reason: str = "", batch_id: int | None = None
) -> Iterator[None]:
    """Open a transaction whose history names actor, action, channel, reason, batch and job.

    ``batch_id`` is the id of the ``ImportBatch`` that makes the changes. Nothing is checked here:
    call ``authorise`` first. Inside another ``audited_transaction`` this is a savepoint, and its
    actor, action, reason and batch are ignored: the history names those of the outermost block.
    """
    details: dict[str, object] = {}
    if reason:
        details["reason"] = reason
    if batch_id is not None:
        details["batch"] = batch_id
    job_id = _job_id.get()
    if job_id is not None:
        details["job"] = job_id
    with (
        transaction.atomic(),
        history_context(
            actor=actor.pk, action=action.value, channel=current_channel().value, **details
        ),
    ):
        yield


def user_ids_with(permission: Permission) -> list[int]:
    """Return the ids of the active users whose role holds a permission, in order."""
    users = User.objects.filter(is_active=True, role__permissions__contains=[permission.value])
    return list(users.order_by("pk").values_list("pk", flat=True))


def user_names(user_ids: Iterable[int]) -> dict[int, str]:
    """Return ``{user id: name}``, also for users whom the reader of a history may not see.

    The author of a change is part of the record: everyone who may see the record may see the name.
    """
    return dict(User.objects.filter(pk__in=user_ids).values_list("pk", "name"))
