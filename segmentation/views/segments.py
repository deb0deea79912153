"""The segment overview: customers and revenue per segment, and the churn flags."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from segmentation.overview import SCHEMES, overview
from segmentation.selectors import current_run, score_groups


class Segments(Page):
    """Segments of one scheme in the current run, counting the customers the user may see."""

    permission = Permission.SCORE_VIEW

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the scheme named by the parameter ``scheme``, the Chinese eight by default."""
        run = current_run()
        context = {"run": run, "may_see_run": request.user.may(Permission.RUN_VIEW)}
        if run is not None:
            scheme = SCHEMES.get(request.GET.get("scheme", ""), SCHEMES["eight"])
            context |= overview(score_groups(request.user, run), scheme)
        return render(request, "segmentation/segments.html", context)
