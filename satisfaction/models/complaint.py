"""The complaint register: what a customer complained about, and everything done about it."""

import pgtrigger
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

from accounts.permissions import DataAccessLevel
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser
from common.history import tracked
from crm.models import Customer
from crm.models.customer import customer_visibility_filter

TITLE_LENGTH = 120
TEXT_LENGTH = 10_000


class State(models.TextChoices):
    """Where a complaint stands: the stages of the register that need no clock."""

    RECEIVED = "received", _("Received")
    REOPENED = "reopened", _("Reopened")
    CLOSED = "closed", _("Closed")


class EntryKind(models.TextChoices):
    """What an entry of the timeline tells: a comment, or the state it brought."""

    RECEIVED = "received", _("Received")
    COMMENT = "comment", _("Comment")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Reopened")


class ComplaintQuerySet(ScopedQuerySet["Complaint"]):
    """Complaints, and the ways people ask for them."""

    def open(self) -> "ComplaintQuerySet":
        """Keep those that somebody still has to work on."""
        return self.exclude(state=State.CLOSED)

    def open_first(self) -> "ComplaintQuerySet":
        """Order by open before closed, the newest of each first."""
        closed = Case(When(state=State.CLOSED, then=1), default=0)
        return self.order_by(closed, "-opened_at", "-pk")

    def search(self, words: str) -> "ComplaintQuerySet":
        """Keep complaints whose number, title or customer holds every one of the words."""
        found = self
        for word in words.split():
            found = found.filter(
                Q(number__icontains=word)
                | Q(title__icontains=word)
                | Q(customer__name__icontains=word)
                | Q(customer__code__icontains=word)
            )
        return found


@tracked()
class Complaint(ScopedModel):
    """One complaint of a customer. ``version`` counts everything done to it, comments included."""

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="complaints",
        db_index=False,  # the index below begins with it
        verbose_name=_("customer"),
    )
    title = models.CharField(_("summary"), max_length=TITLE_LENGTH)
    description = models.TextField(_("what happened"), validators=[MaxLengthValidator(TEXT_LENGTH)])
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
        _("resolution"), blank=True, validators=[MaxLengthValidator(TEXT_LENGTH)]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["customer", "-opened_at"], name="complaint_customer_opened"),
            models.Index(fields=["-opened_at", "-id"], name="complaint_opened"),
            models.Index(
                fields=["opened_at"], condition=~Q(state=State.CLOSED), name="complaint_open_oldest"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="satisfaction_complaint_state_known", condition=Q(state__in=State.values)
            ),
            models.CheckConstraint(
                name="satisfaction_complaint_number_form",
                condition=Q(number__regex=r"^TS-[0-9]{6}-[0-9]{5,}$"),
            ),
            models.CheckConstraint(
                name="satisfaction_complaint_told",
                condition=Q(title__regex=r"\S", description__regex=r"\S"),
            ),
            models.CheckConstraint(
                name="satisfaction_complaint_closed_with_resolution",
                condition=Q(
                    state=State.CLOSED,
                    closed_at__isnull=False,
                    closed_by__isnull=False,
                    resolution__regex=r"\S",
                )
                | ~Q(state=State.CLOSED)
                & Q(closed_at__isnull=True, closed_by__isnull=True, resolution=""),
            ),
            models.CheckConstraint(
                name="satisfaction_complaint_closed_after_opened",
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Seen with the customer."""
        return customer_visibility_filter(user)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to work on it."""
        return self.state != State.CLOSED


class ComplaintEntry(ScopedModel):
    """One entry of a complaint's timeline. Entries are added, never changed and never removed."""

    complaint = models.ForeignKey(
        Complaint, on_delete=models.PROTECT, related_name="entries", verbose_name=_("complaint")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=EntryKind.choices)
    text = models.TextField(_("text"), blank=True, validators=[MaxLengthValidator(TEXT_LENGTH)])
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
            # What happened stands on the complaint itself: only receiving it needs no words here.
            models.CheckConstraint(
                name="satisfaction_entry_says_something",
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
        """Seen with the complaint."""
        if user.access_level == DataAccessLevel.ALL:
            return Q()
        complaints = Complaint.objects.filter(Complaint.visibility_filter(user))
        return Q(complaint__in=complaints.values("pk"))


class ComplaintSeries(models.Model):
    """The last number given in a month. Holds no company data: named among the unscoped models."""

    month = models.DateField(_("month"), primary_key=True)
    last = models.PositiveIntegerField(_("last number"))

    class Meta:
        verbose_name = _("complaint number series")
        verbose_name_plural = _("complaint number series")

    def __str__(self) -> str:
        return f"{self.month:%Y%m} {self.last}"
