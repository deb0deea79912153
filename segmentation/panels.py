"""The panel that scoring adds to the customer page, and its widget on the home page.

The settings ``CUSTOMER_PANELS`` and ``HOME_WIDGETS`` name them.
"""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from core.composition import HomeWidget
from core.pages import AuthedRequest
from crm.composition import CustomerPanel
from crm.models import Customer
from segmentation.selectors import current_run, new_flags, score_history

MAX_FLAGS = 8  # shown by the widget


class Worth(CustomerPanel):
    """Worth and risk of the customer: segments, RFM scores, and the churn flag with its reasons.

    They are those of the current run, with a history of the runs before.
    """

    slug = "worth"
    title = _("Worth & risk")
    template = "segmentation/panels/worth.html"
    permission: ClassVar[Permission] = Permission.SCORE_VIEW
    query_budget = 2

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return the current run and the customer's score in it, and the history.

        ``run`` is None before the first run, ``score`` for a customer the run did not score.
        ``history`` has the scores in the latest runs, newest first; a single score is left out,
        because the panel shows it above.
        """
        runs, scores = score_history(request.user, customer)
        score_by_run = {score.run_id: score for score in scores}
        current_score = score_by_run.get(runs[0].pk) if runs else None
        return {
            "customer": customer,
            "run": runs[0] if runs else None,
            "score": current_score,
            "history": scores if len(scores) > 1 else [],
            "may_see_run": request.user.may(Permission.RUN_VIEW),
        }


class NewFlags(HomeWidget):
    """The visible customers whose churn flag is new, or has become higher, since the run before."""

    slug = "new-flags"
    title = _("New churn flags")
    template = "segmentation/widgets/new_flags.html"
    permission: ClassVar[Permission] = Permission.SCORE_VIEW
    query_budget = 3
    wide = True

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Return the scores with new flags in the current run, and their total number.

        ``run`` is None before the first run. One score more than shown is fetched: only if there is
        one, a query has to count them.
        """
        run = current_run()
        if run is None:
            return {"run": None}
        flags = new_flags(request.user, run)
        scores = list(flags[: MAX_FLAGS + 1])
        return {
            "run": run,
            "scores": scores[:MAX_FLAGS],
            "total": flags.count() if len(scores) > MAX_FLAGS else len(scores),
        }
