"""What worth and risk adds to the customer page and to the home page."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from core.composition import HomeWidget
from core.pages import AuthedRequest
from crm.composition import CustomerPanel
from crm.models import Customer
from segmentation.selectors import new_flags, published_runs, score_history

FLAGS_SHOWN = 8


class Worth(CustomerPanel):
    """What the customer is worth, how likely they leave and why, and how that came about."""

    slug = "worth"
    title = _("Worth & risk")
    template = "segmentation/panels/worth.html"
    permission: ClassVar[Permission] = Permission.SCORE_VIEW
    query_budget = 2

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Tell the latest scores from those before."""
        runs, scores = score_history(request.user, customer)
        by_run = {score.run_id: score for score in scores}
        current = by_run.get(runs[0].pk) if runs else None
        return {
            "customer": customer,
            "run": runs[0] if runs else None,
            "score": current,
            "history": scores if len(scores) > 1 else [],
            "may_see_run": request.user.may(Permission.RUN_VIEW),
        }


class NewFlags(HomeWidget):
    """Whose flag is new, or has become worse, since the run before."""

    slug = "new-flags"
    title = _("New churn flags")
    template = "segmentation/widgets/new_flags.html"
    permission: ClassVar[Permission] = Permission.SCORE_VIEW
    query_budget = 3
    wide = True

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Read the two latest runs, once, and compare them."""
        run, previous = [*published_runs()[:2], None, None][:2]
        if run is None:
            return {"run": None}
        flags = new_flags(request.user, run, previous)
        shown = list(flags[: FLAGS_SHOWN + 1])
        return {
            "run": run,
            "previous": previous,
            "scores": shown[:FLAGS_SHOWN],
            "total": flags.count() if len(shown) > FLAGS_SHOWN else len(shown),
        }
