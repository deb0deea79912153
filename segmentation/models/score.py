"""The score of each customer in each run: RFM values, segments, churn flag.

The table is partitioned by run. A run writes its rows by SQL into a separate table, and readers see
all of them at once when that table is attached as a partition (``segmentation.services.steps``).
Django cannot create partitioned tables, so the migration does it in SQL, and a test compares the
table with this model. The widest columns come first, which saves the padding between them.
docs/scoring.md defines the values.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser
from common.money import MinorUnitsField
from crm.models import Customer
from crm.models.customer import customer_visibility_filter
from segmentation.models.run import ScoringRun
from segmentation.models.segment import ChineseSegment, InternationalSegment


class ChurnLevel(models.IntegerChoices):
    """How likely a customer is to leave. ``sql/churn.sql`` decides it, and has these numbers."""

    NONE = 0, _("No flag")
    WATCH = 1, _("Watch")
    HIGH = 2, _("High risk")


class ChurnReason(models.TextChoices):
    """Why a customer is flagged. ``sql/churn.sql`` has these codes.

    ``segmentation.reasons`` turns each into a sentence.
    """

    SILENCE = "silence", _("Silent for unusually long")
    DROP = "drop", _("Revenue has dropped")


class CustomerScore(ScopedModel):
    """The score of one customer in one run. Read it through ``segmentation.selectors``.

    Only customers with a purchase before the as-of day have one. ``monetary`` and ``frequency``
    count the last ``window_days`` of the run's settings; a "quarter" has ``compare_days``. ``r``,
    ``f`` and ``m`` are from 1 to 5, the best. ``usual_gap_days`` and ``silence_ratio`` (the days
    since the last purchase, in usual gaps) are None for a customer with too few purchase days.
    ``previous_churn_level`` is that of the run's ``previous``: none for a customer without one.
    """

    pk = models.CompositePrimaryKey("customer_id", "run_id")
    customer = models.ForeignKey(
        Customer,
        on_delete=models.CASCADE,
        related_name="scores",
        db_index=False,  # the primary key begins with it
        verbose_name=_("customer"),
    )
    monetary = MinorUnitsField(_("monetary value"))
    spend_last_quarter = MinorUnitsField(_("revenue of the latest days compared"))
    spend_previous_quarter = MinorUnitsField(_("revenue of as many days before"))
    usual_gap_days = models.FloatField(_("usual gap in days"), null=True)
    silence_ratio = models.FloatField(_("silence in usual gaps"), null=True)
    run = models.ForeignKey(
        ScoringRun,
        on_delete=models.PROTECT,
        related_name="scores",
        db_index=False,  # each partition has one run
        verbose_name=_("scoring run"),
    )
    first_on = models.DateField(_("first purchase"))
    last_on = models.DateField(_("last purchase"))
    recency_days = models.IntegerField(_("days since the last purchase"))
    frequency = models.IntegerField(_("purchases"))
    purchase_days = models.IntegerField(_("days with purchases"))
    r = models.SmallIntegerField(_("R"))
    f = models.SmallIntegerField(_("F"))
    m = models.SmallIntegerField(_("M"))
    churn_level = models.SmallIntegerField(_("churn flag"), choices=ChurnLevel.choices)
    previous_churn_level = models.SmallIntegerField(
        _("churn flag of the run before"), choices=ChurnLevel.choices
    )
    segment_cn = models.TextField(_("segment"), choices=ChineseSegment.choices)
    segment_intl = models.TextField(
        _("international segment"), choices=InternationalSegment.choices
    )
    churn_reasons = ArrayField(
        models.TextField(choices=ChurnReason.choices), verbose_name=_("reasons")
    )

    objects = ScopedQuerySet["CustomerScore"].as_manager()

    class Meta:
        db_table = "segmentation_score"
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        # With the run, a filter reads an index alone, because PostgreSQL compares the run although
        # each partition has one only.
        indexes = [
            models.Index(
                fields=["segment_cn", "customer"], include=["run"], name="segmentation_score_cn"
            ),
            models.Index(
                fields=["segment_intl", "customer"], include=["run"], name="segmentation_score_intl"
            ),
            models.Index(
                fields=["churn_level", "customer"],
                include=["run", "monetary"],
                condition=Q(churn_level__gt=0),
                name="segmentation_score_flagged",
            ),
            models.Index(
                fields=["monetary", "customer"],
                include=["run", "churn_level", "previous_churn_level"],
                condition=Q(churn_level__gt=F("previous_churn_level")),
                name="segmentation_score_new_flags",
            ),
            # The cells of the overview's heatmap, and the filters by one of the two scores.
            models.Index(
                fields=["r", "f", "customer"], include=["run"], name="segmentation_score_rf"
            ),
            # Orders of the customer list, which sorts all its columns in one direction.
            models.Index(
                fields=["monetary", "customer"], include=["run"], name="segmentation_score_monetary"
            ),
            models.Index(
                fields=["recency_days", "customer"],
                include=["run"],
                name="segmentation_score_recency",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="segmentation_score_quintiles",
                condition=Q(r__range=(1, 5)) & Q(f__range=(1, 5)) & Q(m__range=(1, 5)),
            ),
            models.CheckConstraint(
                name="segmentation_score_counts",
                condition=Q(recency_days__gt=0, frequency__gte=0, purchase_days__gte=1),
            ),
            models.CheckConstraint(
                name="segmentation_score_dates_in_order", condition=Q(first_on__lte=F("last_on"))
            ),
            models.CheckConstraint(
                name="segmentation_score_segment_cn_known",
                condition=Q(segment_cn__in=ChineseSegment.values),
            ),
            models.CheckConstraint(
                name="segmentation_score_segment_intl_known",
                condition=Q(segment_intl__in=InternationalSegment.values),
            ),
            models.CheckConstraint(
                name="segmentation_score_level_known",
                condition=Q(churn_level__in=ChurnLevel.values)
                & Q(previous_churn_level__in=ChurnLevel.values),
            ),
            models.CheckConstraint(
                name="segmentation_score_reasons_known",
                condition=Q(churn_reasons__contained_by=ChurnReason.values),
            ),
            models.CheckConstraint(
                name="segmentation_score_flag_has_reasons",
                condition=Q(churn_level=0, churn_reasons__len=0)
                | Q(churn_level__gt=0, churn_reasons__len__gt=0),
            ),
            models.CheckConstraint(
                name="segmentation_score_usual_gap",
                # isnull=False is stated, because PostgreSQL accepts a row whose check yields NULL.
                condition=Q(usual_gap_days__isnull=True, silence_ratio__isnull=True)
                | Q(
                    usual_gap_days__isnull=False,
                    silence_ratio__isnull=False,
                    usual_gap_days__gt=0,
                    silence_ratio__gte=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} @ {self.run_id}"

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """A score is visible to everyone who may see its customer."""
        return customer_visibility_filter(user)
