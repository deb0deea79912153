"""Interactions: what was said with a customer, when, by whom, and what follows.

``crm.services.interaction`` writes them, ``crm.services.importing`` imports them, several million
in a large company. The indexes below serve the orders and the tabs of their list.
"""

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import BooleanField, F, Func, Q, TextField, Value
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import DataAccessLevel
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser
from common.history import tracked
from core.events.triggers import emits_events
from core.text_search import (
    MAX_INDEXED_SHARE,
    MAX_INDEXED_SHARE_IN_ORDER,
    Bigrams,
    contains_words,
)
from crm.events import INTERACTION_EVENTS
from crm.models.customer import Customer, Stage, customer_visibility_filter
from crm.models.reference import BillingSystem

MAX_CONTENT_LENGTH, MAX_OUTCOME_LENGTH, MAX_NEXT_STEP_LENGTH = 10_000, 500, 200
MAX_EXTERNAL_ID_LENGTH = 100
MAX_DURATION_MINUTES = 1440  # a day
SEARCHED_COLUMNS = ("content", "outcome", "next_step")
SEARCH_INDEX = "crm_interaction_bigrams"


class InteractionChannel(models.TextChoices):
    """The way by which people spoke with each other."""

    VISIT = "visit", _("Visit")
    PHONE = "phone", _("Phone")
    WECHAT = "wechat", _("WeChat")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    MEETING = "meeting", _("Meeting")
    SERVICE_HALL = "service_hall", _("Service hall")
    ONLINE = "online", _("Online")


class Direction(models.TextChoices):
    """Who began: outbound is the company, inbound the customer."""

    OUTBOUND = "outbound", _("Outbound")
    INBOUND = "inbound", _("Inbound")


class Phase(models.TextChoices):
    """The phase of the business with the customer that it belongs to."""

    PRE_SALE = "pre_sale", _("Pre-sale")
    IN_SALE = "in_sale", _("In-sale")
    AFTER_SALE = "after_sale", _("After-sale")


# The phase of an interaction for which none is given, by the customer's stage.
PHASE_BY_STAGE = {
    Stage.POTENTIAL: Phase.PRE_SALE,
    Stage.INTENDING: Phase.PRE_SALE,
    Stage.PROSPECTIVE: Phase.IN_SALE,
    Stage.SIGNED: Phase.AFTER_SALE,
    Stage.DEVELOPED: Phase.AFTER_SALE,
    Stage.PARTNER: Phase.AFTER_SALE,
    Stage.LOST: Phase.PRE_SALE,
}


class _IsAnyOf(Func):
    """``value = ANY(array)``."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class InteractionQuerySet(ScopedQuerySet["Interaction"]):
    """A queryset of interactions with text search."""

    def search(self, text: str, *, is_ordered: bool = False) -> "InteractionQuerySet":
        """Keep the interactions that have every word of ``text`` in one of their texts.

        ``is_ordered`` says that a few of them will be read in some order.
        """
        share = MAX_INDEXED_SHARE_IN_ORDER if is_ordered else MAX_INDEXED_SHARE
        return self.filter(contains_words(text, SEARCHED_COLUMNS, SEARCH_INDEX, share))


@tracked()
@emits_events(INTERACTION_EVENTS)
class Interaction(ScopedModel):
    """One visit, call, message or meeting with a customer.

    ``user`` is who spoke with the customer; the history says who wrote it down. An interaction that
    another system has sent has that system and its id there. ``version`` grows by one with every
    change. ``custom_values`` has the values of custom fields by key.
    """

    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="interactions",
        db_index=False,  # an index below begins with it, and one with the user
        verbose_name=_("customer"),
    )
    channel = models.CharField(_("channel"), max_length=20, choices=InteractionChannel.choices)
    direction = models.CharField(
        _("direction"), max_length=10, choices=Direction.choices, default=Direction.OUTBOUND
    )
    phase = models.CharField(
        _("phase"),
        max_length=12,
        choices=Phase.choices,
        default=Phase.PRE_SALE,
    )
    occurred_at = models.DateTimeField(_("when"), default=timezone.now)
    duration_minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="interactions",
        db_index=False,
        verbose_name=_("by whom"),
    )
    content = models.TextField(
        _("what was said"), validators=[MaxLengthValidator(MAX_CONTENT_LENGTH)]
    )
    outcome = models.CharField(_("outcome"), max_length=MAX_OUTCOME_LENGTH, blank=True)
    next_step = models.CharField(_("next step"), max_length=MAX_NEXT_STEP_LENGTH, blank=True)
    next_step_on = models.DateField(_("next step on"), null=True, blank=True)
    source_system = models.ForeignKey(
        BillingSystem,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        verbose_name=_("source system"),
    )
    external_id = models.CharField(
        _("external id"),
        max_length=MAX_EXTERNAL_ID_LENGTH,
        blank=True,
        editable=False,
        db_collation="C",
    )
    custom_values = models.JSONField(default=dict, db_default={}, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("logged"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        ordering = ["-occurred_at", "-pk"]
        indexes = [
            models.Index(fields=["occurred_at", "id"], name="crm_interaction_when"),
            models.Index(fields=["updated_at", "id"], name="crm_interaction_updated"),
            # Whether a next step is open is found in this index alone; so are, for counting, the
            # filtered interactions of the customers that a user sees.
            models.Index(
                fields=["customer", "occurred_at"],
                include=["next_step_on", "channel", "direction", "phase"],
                name="crm_interaction_customer_when",
            ),
            models.Index(fields=["user", "occurred_at", "id"], name="crm_interaction_user_when"),
            models.Index(
                fields=["next_step_on", "id"],
                condition=Q(next_step_on__isnull=False),
                name="crm_interaction_next_step",
            ),
            GinIndex(Bigrams(*SEARCHED_COLUMNS), name=SEARCH_INDEX),
            GinIndex(
                OpClass("custom_values", name="jsonb_path_ops"),
                name="crm_interaction_custom_values",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "external_id"],
                condition=Q(source_system__isnull=False),
                name="crm_interaction_external_id_unique",
            ),
            models.CheckConstraint(
                name="crm_interaction_external_id_with_system",
                condition=Q(source_system__isnull=True, external_id="")
                | (Q(source_system__isnull=False) & ~Q(external_id="")),
            ),
            models.CheckConstraint(
                name="crm_interaction_channel_known",
                condition=Q(channel__in=InteractionChannel.values),
            ),
            models.CheckConstraint(
                name="crm_interaction_direction_known",
                condition=Q(direction__in=Direction.values),
            ),
            models.CheckConstraint(
                name="crm_interaction_phase_known", condition=Q(phase__in=Phase.values)
            ),
            models.CheckConstraint(
                name="crm_interaction_content_not_blank", condition=Q(content__regex=r"\S")
            ),
            models.CheckConstraint(
                name="crm_interaction_duration_in_range",
                condition=Q(duration_minutes__isnull=True)
                | Q(duration_minutes__range=(0, MAX_DURATION_MINUTES)),
            ),
            models.CheckConstraint(
                name="crm_interaction_next_step_with_date",
                condition=Q(next_step="", next_step_on__isnull=True)
                | Q(next_step__regex=r"\S", next_step_on__isnull=False),
            ),
            models.CheckConstraint(
                name="crm_interaction_custom_values_object",
                condition=Exact(
                    Func("custom_values", function="jsonb_typeof", output_field=TextField()),
                    Value("object"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.occurred_at):%Y-%m-%d %H:%M} {self.summary}"

    @property
    def summary(self) -> str:
        """The first line of what was said, for lists."""
        return self.content.strip().partition("\n")[0].strip()

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """An interaction is visible to everyone who may see its customer.

        A user of the level ``own`` has few customers. Given as an array, they make PostgreSQL read
        their interactions from the index of customers, where it would otherwise read all
        interactions in order until a page is full.
        """
        if user.access_level != DataAccessLevel.OWN:
            return customer_visibility_filter(user)
        customers = Customer.objects.filter(Customer.visibility_filter(user)).order_by()
        return Q(_IsAnyOf(F("customer"), ArraySubquery(customers.values("pk"))))
