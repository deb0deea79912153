"""The customers of a run added up by unit, so that overviews need not read all scores."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import OrgUnit
from accounts.permissions import DataAccessLevel
from accounts.scoping import NO_ROWS, ScopedModel, ScopedQuerySet, ScopedUser
from common.money import MinorUnitsField
from crm.models import Customer
from segmentation.models.run import ScoringRun
from segmentation.models.score import ChurnLevel
from segmentation.models.segment import ChineseSegment, InternationalSegment


class ScoreTotal(ScopedModel):
    """The customers of a unit, without those of units below it, with the same scores in a run.

    ``customer_count`` is their number, ``revenue`` the sum of their monetary values. A customer
    counts in the unit to which they belonged when the run ended.
    """

    run = models.ForeignKey(
        ScoringRun,
        on_delete=models.CASCADE,
        related_name="totals",
        db_index=False,  # the unique index begins with it
        verbose_name=_("scoring run"),
    )
    unit = models.ForeignKey(
        OrgUnit, on_delete=models.CASCADE, related_name="+", verbose_name=_("unit")
    )
    r = models.SmallIntegerField(_("R"))
    f = models.SmallIntegerField(_("F"))
    m = models.SmallIntegerField(_("M"))
    churn_level = models.SmallIntegerField(_("churn flag"), choices=ChurnLevel.choices)
    segment_cn = models.TextField(_("segment"), choices=ChineseSegment.choices)
    segment_intl = models.TextField(
        _("international segment"), choices=InternationalSegment.choices
    )
    customer_count = models.PositiveIntegerField(_("number of customers"))
    revenue = MinorUnitsField(_("revenue"))

    objects = ScopedQuerySet["ScoreTotal"].as_manager()

    class Meta:
        verbose_name = _("total of scores")
        verbose_name_plural = _("totals of scores")
        constraints = [
            # The scores decide both segments.
            models.UniqueConstraint(
                fields=["run", "unit", "r", "f", "m", "churn_level"], name="segmentation_total_once"
            ),
            models.CheckConstraint(
                name="segmentation_total_not_empty", condition=Q(customer_count__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} @ {self.run_id}"

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Totals are visible to everyone who may see all customers of their unit."""
        if user.access_level == DataAccessLevel.OWN:
            return NO_ROWS
        return Customer.visibility_filter(user)  # a condition for the field ``unit``, or for none
