"""Events and the consumers that handle them (docs/adr/0020)."""

import pgtrigger
from django.db import models
from django.db.models import Func, Q, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _
from pghistory.models import Context

MAX_ERROR_LENGTH = 500


def snapshot_bound(function: str) -> Cast:
    """Return the expression of a bound of the statement's snapshot, as a transaction id.

    All transactions before ``pg_snapshot_xmin`` have ended. None from ``pg_snapshot_xmax`` on has.
    """
    snapshot = Func(function="pg_current_snapshot", output_field=TextField())
    bound = Func(snapshot, function=function, output_field=TextField())
    return Cast(Cast(bound, TextField()), models.BigIntegerField())


class EventQuerySet(models.QuerySet["Event"]):
    """Events, by the transactions that wrote them."""

    def in_order(self) -> "EventQuerySet":
        """Order by transaction and id. By id alone, a later commit could add an earlier event."""
        return self.order_by("transaction_id", "pk")

    def between(self, start: int, end: int) -> "EventQuerySet":
        """Keep events of transactions from ``start`` on and before ``end``, ids of transactions."""
        return self.filter(transaction_id__gte=start, transaction_id__lt=end)


class Event(models.Model):
    """Something that happened. Triggers write it, or ``core.services.event.emit``.

    ``type`` is the name of an ``EventType``, and ``object_id`` the id of the record that the first
    part of the name says. ``data`` of a record's change is ``{field: [before, after]}``, see
    ``core.events.triggers``; of any other event, what the type's declaration says. ``context`` has
    the actor, action, channel and import batch in its metadata, as for history.
    ``transaction_id`` is PostgreSQL's id of the transaction that wrote the event.
    """

    type = models.CharField(_("type"), max_length=60)
    object_id = models.BigIntegerField(_("record"))
    data = models.JSONField(_("data"))
    context = models.ForeignKey(
        Context,
        on_delete=models.DO_NOTHING,
        # The trigger itself writes the context. A check for each event would slow imports down.
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("origin"),
    )
    transaction_id = models.BigIntegerField(_("transaction"))
    occurred_at = models.DateTimeField(_("at"))

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["transaction_id", "id"], name="core_event_in_order")]
        constraints = [
            models.CheckConstraint(
                name="core_event_data_object",
                condition=Exact(
                    Func("data", function="jsonb_typeof", output_field=TextField()),
                    Value("object"),
                ),
            )
        ]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"

    @property
    def actor_id(self) -> int | None:
        """The id of the user whose action it was; None for the installation."""
        actor_id: int | None = self.context.metadata["actor"]
        return actor_id


class EventConsumer(models.Model):
    """How far a consumer has come, and whether it fails.

    ``name`` is that of a ``core.events.consumers.Consumer``. The consumer has handled the events of
    all transactions before ``position``, an id of a transaction, and none of the others. After
    ``failures`` attempts in a row that ended with ``error``, the next one is made at ``retry_at``.
    """

    name = models.CharField(_("consumer"), max_length=60, primary_key=True)
    position = models.BigIntegerField(_("position"))
    handled_at = models.DateTimeField(_("last handled"), null=True)
    failures = models.PositiveIntegerField(_("failed attempts"), default=0)
    error = models.CharField(_("error"), max_length=MAX_ERROR_LENGTH, blank=True)
    failed_at = models.DateTimeField(_("failed"), null=True)
    retry_at = models.DateTimeField(_("next attempt"), null=True)

    class Meta:
        verbose_name = _("event consumer")
        verbose_name_plural = _("event consumers")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="core_eventconsumer_error_of_failure",
                condition=Q(failures=0, error="", failed_at=None, retry_at=None)
                | Q(failures__gt=0, failed_at__isnull=False, retry_at__isnull=False) & ~Q(error=""),
            )
        ]

    def __str__(self) -> str:
        return self.name
