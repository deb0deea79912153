"""The overview: which segments hold the customers and the money, and who is about to leave."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from segmentation.overview import SCHEMES, overview
from segmentation.selectors import current_run, score_groups


class Segments(Page):
    """Segments of one scheme, over the customers the person sees, as of the current run."""

    permission = Permission.SCORE_VIEW

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the scheme asked for; the eight unless the eleven are."""
        run = current_run()
        context = {"run": run, "may_see_run": request.user.may(Permission.RUN_VIEW)}
        if run is not None:
            scheme = SCHEMES.get(request.GET.get("scheme", ""), SCHEMES["eight"])
            context |= overview(score_groups(request.user, run), scheme)
        return render(request, "segmentation/segments.html", context)
