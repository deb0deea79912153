"""Scoring runs: the list, one run, and starting one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError

from accounts.permissions import Permission
from common.errors import RefusedError
from core.pages import AuthedRequest, Page
from segmentation.forms import StartForm
from segmentation.models import ScoringRun, StepName
from segmentation.selectors import active_run, current_run, runs
from segmentation.services.run import request_run
from segmentation.tasks import execute_run

PER_PAGE = 30


class RunList(Page):
    """All runs, newest first; whoever may starts one here."""

    permission = Permission.RUN_VIEW
    write_permission = Permission.RUN_START

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show them; while one is active the page asks for the table alone, again and again."""
        return self._answer(request, StartForm())

    def post(self, request: AuthedRequest) -> HttpResponse:
        """Start a run and show it."""
        form = StartForm(request.POST)
        if not form.is_valid():
            return self._answer(request, form, status=422)
        try:
            run = request_run(
                as_of=form.cleaned_data["as_of"], actor=request.user, enqueue=execute_run.delay
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self._answer(request, form, status=422)
        except RefusedError as error:
            messages.warning(request, error.message)
            return redirect("runs")
        except BrokerError:
            messages.error(request, _("The queue cannot be reached. Tell the administrator."))
            return redirect("runs")
        return redirect("run", run.pk)

    def _answer(self, request: AuthedRequest, form: StartForm, status: int = 200) -> HttpResponse:
        context: dict[str, Any] = {
            "form": form,
            "page": Paginator(runs(), PER_PAGE).get_page(request.GET.get("page")),
            "active": active_run(),
            "current": current_run(),
            "may_start": request.user.may(Permission.RUN_START),
        }
        alone = bool(request.htmx) and request.method == "GET"
        template = "segmentation/_run_table.html" if alone else "segmentation/run_list.html"
        return render(request, template, context, status=status)


class RunPage(Page):
    """One run: its steps, what it used, what came of it."""

    permission = Permission.RUN_VIEW

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show it; while it is active the page asks for its inside alone, again and again."""
        run = get_object_or_404(runs(), pk=pk)
        done = {step.name: step for step in run.steps.all()}
        context = {
            "run": run,
            "steps": [(name, done.get(name.value)) for name in StepName],
            "settings_used": settings_in_words(run),
            "current": current_run(),
        }
        template = "segmentation/_run.html" if request.htmx else "segmentation/run_page.html"
        return render(request, template, context)


def settings_in_words(run: ScoringRun) -> list[tuple[str, float]]:
    """Return what each setting means, and its value; one unknown by now goes by its name."""
    words = {
        "window_days": _("Purchases and revenue of so many days count"),
        "min_purchase_days": _("A rhythm takes purchases on so many days"),
        "silence_factor": _("Silent after so many usual gaps"),
        "silence_min_days": _("Silent after so many days at the earliest"),
        "silence_high_factor": _("High risk after so many usual gaps"),
        "compare_days": _("Revenue is compared over so many days"),
        "drop_below": _("A drop is revenue below this share of the period before"),
        "drop_min_previous": _("Revenue a drop starts from at least"),
    }
    return [
        (words.get(name, name), run.settings[name]) for name in [*words] if name in run.settings
    ]
