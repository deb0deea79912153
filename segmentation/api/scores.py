"""REST views of scores: those of the current run, or of the run of a day."""

from dataclasses import replace
from functools import cached_property

from django.db.models import F, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError

from accounts.permissions import Permission
from common.parsing.errors import UnreadableError
from core.api.listing import ListResource
from core.api.resources import requesting_user
from core.fields.faults import ValueFault
from core.fields.kinds import Date
from core.listing.declarations import ListDeclaration
from segmentation.api.serializers import ScoreSerializer
from segmentation.listing import SCORE_LIST
from segmentation.models import CustomerScore, ScoringRun
from segmentation.selectors import current_run, published_runs, visible_scores

AS_OF = "as_of"


@extend_schema_view(
    get=extend_schema(
        operation_id="scores_list",
        summary="List the scores of the customers you see, of the current run or of a day",
        parameters=[
            OpenApiParameter(
                AS_OF,
                OpenApiTypes.DATE,
                description="Day of the run; the current run if it is not given.",
            )
        ],
    )
)
class ScoreList(ListResource):
    """Scores of one run. No filter selects the run: a customer has a score in each of them."""

    permission = Permission.SCORE_VIEW
    list_declaration = SCORE_LIST
    other_parameters = (AS_OF,)
    serializer_class = ScoreSerializer

    @cached_property
    def run(self) -> ScoringRun | None:
        """The run of the request, or None; raises ValidationError for an unreadable day."""
        text = self.request.query_params.get(AS_OF, "").strip()
        if not text:
            return current_run()
        try:
            day = Date().parse(text)
        except UnreadableError as error:
            raise ValidationError({AS_OF: [ValueFault(error.code).label]}) from error
        return published_runs().filter(as_of=day).first()

    def requested_list(self) -> ListDeclaration:
        """Return the list of the run's scores."""
        return replace(SCORE_LIST, rows=lambda user: visible_scores(user, self.run))

    def get_queryset(self) -> QuerySet[CustomerScore]:
        """Return the run's scores of the customers the user sees, with codes and the run's day."""
        run = None if getattr(self, "swagger_fake_view", False) else self.run
        scores = visible_scores(requesting_user(self), run)
        return scores.annotate(customer_code=F("customer__code"), as_of=F("run__as_of"))
