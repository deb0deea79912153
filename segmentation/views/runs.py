"""Pages of scoring runs: the list with the form that starts one, and one run."""

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.permissions import Permission
from common.errors import RefusedError
from core.listing.page import ListPage, ShownList
from core.pages import AuthedRequest, Page
from segmentation.forms import RunRequestForm
from segmentation.listing import RUN_LIST
from segmentation.models import ScoringRun, StepName
from segmentation.selectors import active_run, all_runs, current_run
from segmentation.services.run import request_run


class RunList(ListPage):
    """All runs, newest first, and the form that starts one, for users with RUN_START."""

    permission = RUN_LIST.permission
    write_permission = Permission.RUN_START
    declaration = RUN_LIST
    template_name: ClassVar[str] = "segmentation/run_list.html"
    empty_template_name: ClassVar[str] = "segmentation/_no_runs.html"

    def post(self, request: AuthedRequest) -> HttpResponse:
        """Request a run and redirect to its page, or show why that was refused."""
        form = RunRequestForm(request.POST)
        if not form.is_valid():
            return self.render_list(request, form=form, status=422)
        try:
            run = request_run(as_of=form.cleaned_data["as_of"], actor=request.user)
        except ValidationError as error:
            form.add_error(None, error)
            return self.render_list(request, form=form, status=422)
        except RefusedError as error:
            messages.warning(request, error.message)
            return redirect("runs")
        return redirect("run", run.pk)

    def extra_context(self, request: AuthedRequest, shown: ShownList) -> dict[str, Any]:
        """Return the form, and what the rows show of active and current runs."""
        return {
            "form": RunRequestForm(),
            "refreshes": active_run() is not None,
            "current": current_run(),
            "may_start": request.user.may(Permission.RUN_START),
        }


class RunPage(Page):
    """One run: its state, result, steps and settings."""

    permission = Permission.RUN_VIEW

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show the run. While it is active, htmx polls this view and gets the content only."""
        run = get_object_or_404(all_runs(), pk=pk)
        step_by_name = {step.name: step for step in run.steps.all()}
        context = {
            "run": run,
            "steps": [(name, step_by_name.get(name.value)) for name in StepName],
            "settings_used": _labelled_settings(run),
            "current": current_run(),
            "is_stopping": run.job.cancel_requested_at is not None,
            "may_cancel": run.is_active
            and (run.requested_by == request.user or request.user.may(Permission.JOB_CANCEL)),
        }
        template = "segmentation/_run.html" if request.htmx else "segmentation/run_page.html"
        return render(request, template, context)


def _labelled_settings(run: ScoringRun) -> list[tuple[str, float]]:
    """Return label and value of each setting the run used.

    Settings that the run does not have, or that have no label here, are left out.
    """
    labels = {
        "window_days": _("Purchases and revenue of so many days count"),
        "min_purchase_days": _("A rhythm takes purchases on so many days"),
        "silence_factor": _("Silent after so many usual gaps"),
        "silence_min_days": _("Silent after so many days at the earliest"),
        "silence_high_factor": _("High risk after so many usual gaps"),
        "compare_days": _("Revenue is compared over so many days"),
        "drop_below": _("A drop is revenue below this share of the period before"),
        "drop_min_previous": _("Revenue a drop starts from at least"),
    }
    return [(label, run.settings[name]) for name, label in labels.items() if name in run.settings]
