"""The segment overview: customers and revenue per segment, and the churn flags."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from segmentation.overview import SEGMENT_SCHEMES, overview_context
from segmentation.selectors import current_run, score_groups


class Segments(Page):
    """The segments of one scheme in the current run, of the customers the user may see."""

    permission = Permission.SCORE_VIEW

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the scheme named by the parameter ``scheme``, the Chinese eight by default."""
        run = current_run()
        context = {"run": run, "may_see_run": request.user.may(Permission.RUN_VIEW)}
        if run is not None:
            scheme = SEGMENT_SCHEMES.get(request.GET.get("scheme", ""), SEGMENT_SCHEMES["eight"])
            context |= overview_context(score_groups(request.user, run), scheme)
        return render(request, "segmentation/segments.html", context)
