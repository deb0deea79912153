"""REST views of scores: those of the current run, or of the run of a day."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView

from accounts.permissions import Permission
from core.api.pagination import CursorPages
from core.api.resources import requesting_user
from segmentation.api.serializers import ScoreSerializer
from segmentation.models import ChineseSegment, ChurnLevel, CustomerScore, InternationalSegment
from segmentation.selectors import published_runs


class ScorePages(CursorPages):
    """Pages in descending order of the customers' ids."""

    ordering = "-customer_id"


class ScoreFilters(filters.FilterSet):
    """Filters of scores. ``as_of`` is applied by the view, which needs the run first."""

    as_of = filters.DateFilter(
        method="keep_run", label="Day of the run; the current run if it is not given"
    )
    customer = filters.CharFilter("customer__code", max_length=40)
    segment = filters.ChoiceFilter("segment_cn", choices=ChineseSegment.choices)
    international = filters.ChoiceFilter("segment_intl", choices=InternationalSegment.choices)
    flag = filters.ChoiceFilter("churn_level", choices=ChurnLevel.choices)

    def keep_run(
        self, scores: QuerySet[CustomerScore], name: str, value: Any
    ) -> QuerySet[CustomerScore]:
        """Keep the scores of the published run of a day; none if there is none."""
        return scores.filter(run__in=list(published_runs().filter(as_of=value)))

    @property
    def qs(self) -> QuerySet[CustomerScore]:
        """The matching scores, of the current run unless a day is given."""
        scores: QuerySet[CustomerScore] = super().qs
        if self.form.cleaned_data.get("as_of") is not None:
            return scores
        return scores.filter(run__in=list(published_runs()[:1]))

    class Meta:
        model = CustomerScore
        fields: ClassVar[list[str]] = []


@extend_schema_view(
    get=extend_schema(
        operation_id="scores_list",
        summary="List the scores of the customers you see, of the current run or of a day",
    )
)
class ScoreList(ListAPIView[CustomerScore]):
    """Scores of one run."""

    permission = Permission.SCORE_VIEW
    serializer_class = ScoreSerializer
    filterset_class = ScoreFilters
    pagination_class = ScorePages

    def get_queryset(self) -> QuerySet[CustomerScore]:
        """Return the scores of the customers the user sees, of every run."""
        scores = CustomerScore.objects.visible_to(requesting_user(self))
        return scores.select_related("customer", "run")
