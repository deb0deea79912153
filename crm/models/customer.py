"""The customer: one organisation that the company sells to.

A customer has an owner, the account manager (``owner``), or none: those without one are the public
pool of their unit. Customers form a tree of parent groups and subsidiaries (``parent``).
"""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Func, Q, TextField, Value
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts.models import OrgUnit
from accounts.permissions import DataAccessLevel
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser, unknown_access_level
from common.history import tracked
from core.events.triggers import emits_events
from core.text_search import Bigrams, contains_words
from crm.events import CUSTOMER_EVENTS
from crm.models.reference import Category, Grade, Industry, Source

MAX_CODE_LENGTH, MAX_NAME_LENGTH = 40, 200
SEARCHED_COLUMNS = ("name", "code")
SEARCH_INDEX = "crm_customer_bigrams"
MAX_BRANCHES = 50  # of a list's order; each is a part of one statement
# Has the same meaning in Python and in PostgreSQL, which reads it in a constraint and in imports.
CODE_PATTERN = r"^[0-9A-Za-z][0-9A-Za-z._/-]*\Z"
# The body of a trigger that refuses a parent that is the customer itself or below it. ``above`` are
# the new parent and all parents above it.
REFUSE_CYCLE = """
    IF EXISTS (
        WITH RECURSIVE above(id) AS (
            SELECT NEW.parent_id
            UNION
            SELECT c.parent_id FROM crm_customer c JOIN above ON c.id = above.id
             WHERE c.parent_id IS NOT NULL
        )
        SELECT 1 FROM above WHERE id = NEW.id
    ) THEN
        RAISE EXCEPTION 'customer % cannot belong to itself', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'crm_customer_no_cycle';
    END IF;
    RETURN NEW;
"""


class Stage(models.TextChoices):
    """The stage of the relationship with a customer."""

    POTENTIAL = "potential", _("Potential")
    INTENDING = "intending", _("Intending")
    PROSPECTIVE = "prospective", _("Prospective")
    SIGNED = "signed", _("Signed")
    DEVELOPED = "developed", _("Developed")
    PARTNER = "partner", _("Partner")
    LOST = "lost", _("Lost")


class CustomerQuerySet(ScopedQuerySet["Customer"]):
    """A queryset of customers with text search."""

    def search(self, text: str) -> "CustomerQuerySet":
        """Keep the customers that have every word of ``text`` in their name or code.

        Case is ignored; a word may be part of a longer one. A blank text keeps all customers.
        """
        return self.filter(contains_words(text, SEARCHED_COLUMNS, SEARCH_INDEX))


@tracked()
@emits_events(CUSTOMER_EVENTS)
class Customer(ScopedModel):
    """A corporate customer.

    ``version`` starts at 1 and grows by one with every change, so that a service can refuse a
    change that is based on an older version. ``custom_values`` has the values of custom fields by
    key, as in ``{"staff": 12}``; fields without a value are missing there.
    """

    code = models.CharField(
        _("customer code"),
        max_length=MAX_CODE_LENGTH,
        unique=True,
        validators=[RegexValidator(CODE_PATTERN)],
        help_text=_("Letters, digits and . _ / -"),
    )
    name = models.CharField(_("customer name"), max_length=MAX_NAME_LENGTH)
    # The indexes below begin with industry, grade, owner and unit.
    industry = models.ForeignKey(
        Industry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("industry"),
    )
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("customer source")
    )
    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("customer category"),
    )
    stage = models.CharField(
        _("stage"), max_length=20, choices=Stage.choices, default=Stage.POTENTIAL
    )
    grade = models.ForeignKey(
        Grade,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("customer grade"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="customers",
        db_index=False,
        verbose_name=_("account manager"),
    )
    unit = models.ForeignKey(
        OrgUnit,
        on_delete=models.PROTECT,
        related_name="customers",
        db_index=False,
        verbose_name=_("unit"),
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="subsidiaries",
        verbose_name=_("parent group"),
    )
    custom_values = models.JSONField(default=dict, db_default={}, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["code"]
        indexes = [
            GinIndex(Bigrams(*SEARCHED_COLUMNS), name=SEARCH_INDEX),
            # Orders of the list, and those of one unit, owner or stage. With the id, the customers
            # that a user sees are found in an index alone, for joins with other records.
            models.Index(fields=["name", "id"], name="crm_customer_name"),
            models.Index(fields=["updated_at", "id"], name="crm_customer_updated"),
            models.Index(fields=["unit", "code"], include=["id"], name="crm_customer_unit_code"),
            models.Index(fields=["owner", "code"], include=["id"], name="crm_customer_owner_code"),
            # Account managers see the public pool of their unit.
            models.Index(
                fields=["unit", "id"], condition=Q(owner__isnull=True), name="crm_customer_pool"
            ),
            models.Index(fields=["stage", "id"], name="crm_customer_stage"),
            models.Index(fields=["grade", "id"], name="crm_customer_grade"),
            models.Index(fields=["industry", "id"], name="crm_customer_industry"),
            GinIndex(
                OpClass("custom_values", name="jsonb_path_ops"), name="crm_customer_custom_values"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="crm_customer_stage_known", condition=Q(stage__in=Stage.values)
            ),
            models.CheckConstraint(
                name="crm_customer_name_not_blank", condition=Q(name__regex=r"\S")
            ),
            models.CheckConstraint(
                name="crm_customer_code_form", condition=Q(code__regex=CODE_PATTERN)
            ),
            models.CheckConstraint(
                name="crm_customer_custom_values_object",
                condition=Exact(
                    Func("custom_values", function="jsonb_typeof", output_field=TextField()),
                    Value("object"),
                ),
            ),
            models.CheckConstraint(
                name="crm_customer_not_own_parent", condition=~Q(parent=models.F("pk"))
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="refuse_cycle",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),
                condition=pgtrigger.Q(new__parent__isnull=False),
                func=REFUSE_CYCLE,
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Return the filter for all customers, those of the subtree or the unit, or the user's own.

        The user's own are those that the user owns and the public pool of the user's unit.
        """
        if user.access_level == DataAccessLevel.ALL:
            return Q()
        if user.access_level == DataAccessLevel.SUBTREE:
            below = OrgUnit.objects.filter(path__descendants=user.unit_path)
            return Q(unit__in=below.values("pk"))
        if user.access_level == DataAccessLevel.UNIT:
            return Q(unit=user.unit_id)
        if user.access_level == DataAccessLevel.OWN:
            return Q(owner=user.pk) | Q(owner__isnull=True, unit=user.unit_id)
        raise unknown_access_level(user)

    @classmethod
    def visibility_branches(cls, user: ScopedUser) -> list[Q]:
        """Return conditions that divide the customers ``user`` may see, each with its own index.

        Empty if one index serves all of them, or if there are too many units. Takes one query for
        the level ``subtree``.
        """
        if user.access_level == DataAccessLevel.SUBTREE:
            units = OrgUnit.objects.filter(path__descendants=user.unit_path)
            unit_ids = list(units.order_by().values_list("pk", flat=True)[: MAX_BRANCHES + 1])
            return [Q(unit=pk) for pk in unit_ids] if len(unit_ids) <= MAX_BRANCHES else []
        return cls.own_branches(user)

    @classmethod
    def own_branches(cls, user: ScopedUser) -> list[Q]:
        """Return the two halves of what a user of the level ``own`` sees; empty for other levels.

        Together they are an OR, for which PostgreSQL would read all customers in order.
        """
        if user.access_level == DataAccessLevel.OWN:
            return [Q(owner=user.pk), Q(owner__isnull=True, unit=user.unit_id)]
        return []


def customer_visibility_filter(user: ScopedUser) -> Q:
    """Return the filter for the rows of another model whose ``customer`` the user may see.

    Models with a foreign key ``customer`` use it as their visibility filter.
    """
    if user.access_level == DataAccessLevel.ALL:
        return Q()
    return Q(customer__in=Customer.objects.filter(Customer.visibility_filter(user)).values("pk"))
