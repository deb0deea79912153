"""Complaints, the timeline of what was done about each, and their numbers.

``satisfaction.services`` creates and changes them. The demonstration company, which writes them
itself, is the only exception.
"""

import pgtrigger
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

from accounts.permissions import DataAccessLevel
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser
from common.history import tracked
from core.events.triggers import emits_events
from crm.models import Customer
from crm.models.customer import customer_visibility_filter
from satisfaction.events import COMPLAINT_EVENTS

MAX_TITLE_LENGTH = 120
MAX_TEXT_LENGTH = 10_000


class State(models.TextChoices):
    """The state of a complaint. One that is received or reopened is called *open*."""

    RECEIVED = "received", _("Received")
    REOPENED = "reopened", _("Reopened")
    CLOSED = "closed", _("Closed")


class EntryKind(models.TextChoices):
    """What an entry of the timeline records: a comment, or a change to the state of this name."""

    RECEIVED = "received", _("Received")
    COMMENT = "comment", _("Comment")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Reopened")


class ComplaintQuerySet(ScopedQuerySet["Complaint"]):
    """A scoped queryset with the filters and orders of lists of complaints."""

    def open(self) -> "ComplaintQuerySet":
        """Keep complaints that are not closed."""
        return self.exclude(state=State.CLOSED)

    def open_first(self) -> "ComplaintQuerySet":
        """Order open complaints before closed ones, the newest of each first."""
        is_closed = Case(When(state=State.CLOSED, then=1), default=0)
        return self.order_by(is_closed, "-opened_at", "-pk")

    def search(self, search_terms: str) -> "ComplaintQuerySet":
        """Keep complaints that match each of the terms, which are separated by spaces.

        A term matches a part of the number, the title, or the customer's name or code, in any case.
        """
        matches = self
        for term in search_terms.split():
            matches = matches.filter(
                Q(number__icontains=term)
                | Q(title__icontains=term)
                | Q(customer__name__icontains=term)
                | Q(customer__code__icontains=term)
            )
        return matches


@tracked()
@emits_events(COMPLAINT_EVENTS)
class Complaint(ScopedModel):
    """A complaint of a customer.

    ``opened_at`` and ``opened_by`` say when and by whom it was received; reopening leaves them. The
    ``owner`` is the user who looks after it. ``closed_at``, ``closed_by`` and ``resolution`` are
    filled exactly while it is closed. Every change, a comment included, increments ``version``,
    which the services compare with the version that a user has read, and sets ``updated_at`` to the
    time of its entry in the timeline.
    """

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="complaints",
        db_index=False,  # the index below begins with it
        verbose_name=_("customer"),
    )
    title = models.CharField(_("summary"), max_length=MAX_TITLE_LENGTH)
    description = models.TextField(
        _("what happened"), validators=[MaxLengthValidator(MAX_TEXT_LENGTH)]
    )
    state = models.CharField(
        _("state"), max_length=20, choices=State.choices, default=State.RECEIVED
    )
    opened_at = models.DateTimeField(_("received at"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="complaints_opened",
        verbose_name=_("received by"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="complaints_owned",
        verbose_name=_("looked after by"),
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="complaints_closed",
        verbose_name=_("closed by"),
    )
    resolution = models.TextField(
        _("resolution"), blank=True, validators=[MaxLengthValidator(MAX_TEXT_LENGTH)]
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(_("last changed"), editable=False)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["customer", "-opened_at"], name="complaint_customer_opened"),
            models.Index(fields=["-opened_at", "-id"], name="complaint_opened"),
            models.Index(fields=["updated_at", "id"], name="complaint_updated"),
            models.Index(
                fields=["opened_at"], condition=~Q(state=State.CLOSED), name="complaint_open_oldest"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="satisfaction_complaint_state_known", condition=Q(state__in=State.values)
            ),
            # satisfaction.services.numbering makes the numbers.
            models.CheckConstraint(
                name="satisfaction_complaint_number_form",
                condition=Q(number__regex=r"^TS-[0-9]{6}-[0-9]{5,}$"),
            ),
            models.CheckConstraint(
                name="satisfaction_complaint_text_not_blank",
                condition=Q(title__regex=r"\S", description__regex=r"\S"),
            ),
            models.CheckConstraint(
                name="satisfaction_complaint_closed_with_resolution",
                condition=(
                    Q(
                        state=State.CLOSED,
                        closed_at__isnull=False,
                        closed_by__isnull=False,
                        resolution__regex=r"\S",
                    )
                    | (
                        ~Q(state=State.CLOSED)
                        & Q(closed_at__isnull=True, closed_by__isnull=True, resolution="")
                    )
                ),
            ),
            models.CheckConstraint(
                name="satisfaction_complaint_closed_after_opened",
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
            ),
            models.CheckConstraint(
                name="satisfaction_complaint_updated_after_opened",
                condition=Q(updated_at__gte=F("opened_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """A complaint is visible to everyone who may see its customer."""
        return customer_visibility_filter(user)

    @property
    def is_open(self) -> bool:
        """Whether the complaint is not closed."""
        return self.state != State.CLOSED


class ComplaintEntry(ScopedModel):
    """An entry of a complaint's timeline. The database refuses changing or deleting it.

    ``text`` is the comment, the resolution of a closing, or the reason of a reopening. A resolution
    thus stays in the timeline when the complaint is reopened.
    """

    complaint = models.ForeignKey(
        Complaint, on_delete=models.PROTECT, related_name="entries", verbose_name=_("complaint")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=EntryKind.choices)
    text = models.TextField(_("text"), blank=True, validators=[MaxLengthValidator(MAX_TEXT_LENGTH)])
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("author")
    )
    at = models.DateTimeField(_("at"))

    objects = ScopedQuerySet["ComplaintEntry"].as_manager()

    class Meta:
        verbose_name = _("complaint entry")
        verbose_name_plural = _("complaint entries")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="satisfaction_entry_kind_known", condition=Q(kind__in=EntryKind.values)
            ),
            # Only the entry of the receipt may be without text: its text would be the description,
            # which the complaint has.
            models.CheckConstraint(
                name="satisfaction_entry_text_not_blank",
                condition=Q(kind=EntryKind.RECEIVED) | Q(text__regex=r"\S"),
            ),
            models.UniqueConstraint(
                fields=["complaint"],
                condition=Q(kind=EntryKind.RECEIVED),
                name="satisfaction_entry_received_once",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """An entry is visible to everyone who may see its complaint."""
        if user.access_level == DataAccessLevel.ALL:
            return Q()  # the same rows, without a subquery
        complaints = Complaint.objects.filter(Complaint.visibility_filter(user))
        return Q(complaint__in=complaints.values("pk"))


class ComplaintSeries(models.Model):
    """The last complaint number used in a month, from which the next is taken.

    ``month`` is the first day of the month. The table holds no company data, so it is not scoped.
    """

    month = models.DateField(_("month"), primary_key=True)
    last = models.PositiveIntegerField(_("last number"))

    class Meta:
        verbose_name = _("complaint number series")
        verbose_name_plural = _("complaint number series")

    def __str__(self) -> str:
        return f"{self.month:%Y%m} {self.last}"
