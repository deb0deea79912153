"""``manage.py nightly``: request a scoring run, and show its steps while a worker executes it.

The command executes nothing itself: a Celery worker has to be running.
"""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone
from rich.console import Console

from common.errors import RefusedError
from segmentation.models import RunState, ScoringRun, ScoringStep, StepName
from segmentation.selectors import active_run, is_scored
from segmentation.services import lock
from segmentation.services.run import request_run, scheduler

POLL_INTERVAL_SECONDS = 0.2
WORKER_LOST_SECONDS = 120  # without the scoring lock for so long, no other worker has taken the run

NO_WORKER = (
    "No worker has taken the run. Start one (make run, or: celery --app config.celery worker) and"
    " it will. Is Valkey (REDIS_URL) up?"
)
WORKER_LOST = (
    "The worker was cut off. What was published before is still shown. Start a worker and the"
    " scheduler (make run, or: celery --app config.celery beat), and the run begins again."
)


class Command(BaseCommand):
    """Request a scoring run and show its steps until it ends."""

    help = "Score all customers through the worker, and show the steps until it has ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options of the command line."""
        parser.add_argument(
            "--as-of", type=date.fromisoformat, help="the day before which things count (today)"
        )
        parser.add_argument(
            "--window-days", type=int, help="count purchases over so many days (settings)"
        )
        parser.add_argument(
            "--if-stale", action="store_true", help="do nothing when the day is scored already"
        )
        parser.add_argument(
            "--wait-seconds", type=int, default=60, help="wait so long for a worker (60)"
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with 0 when the run was published or --if-stale needed none, with 1 otherwise."""
        as_of = options["as_of"] or timezone.localdate()
        console = Console(highlight=False, soft_wrap=True)
        if options["if_stale"] and is_scored(as_of):
            console.print(f"As of {as_of} is scored already.")
            return
        overrides = {"window_days": options["window_days"]} if options["window_days"] else {}
        run = _request_run(as_of, overrides, join_active=options["if_stale"])
        console.print(f"Run {run.pk} as of {as_of}")
        with console.status("Waiting for a worker …") as status:
            for step in _watch_steps(run, wait_seconds=options["wait_seconds"]):
                label = f"{step.position}/{len(StepName)} {step.get_name_display()}"
                if step.finished_at is None:
                    status.update(f"{label} …")
                else:
                    console.print(f"  {label}: {step.rows:,} rows, {step.seconds:.2f} s")
        _print_result(run, console)


def _request_run(as_of: date, overrides: dict[str, int], *, join_active: bool) -> ScoringRun:
    """Request a run and return it; raise CommandError, which says what to do, if it is refused.

    With ``join_active``, a request that is refused because a run of the same day is active returns
    that run.
    """
    try:
        return request_run(as_of=as_of, actor=scheduler(), overrides=overrides)
    except RefusedError as error:
        active = active_run()
        if join_active and active is not None and active.as_of == as_of:
            return active
        raise CommandError(error.message) from error
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    except PermissionDenied as error:
        message = "The account “scheduler” may not start runs: see Administration, Users and Roles."
        raise CommandError(message) from error


def _watch_steps(run: ScoringRun, *, wait_seconds: float) -> Iterator[ScoringStep]:
    """Yield each step when it begins and again when it has ended, until the run ends.

    Raises CommandError when no worker takes the run within ``wait_seconds``, or when the worker
    that took it has not held the scoring lock for WORKER_LOST_SECONDS.
    """
    yielded: set[tuple[int, bool]] = set()
    worker_seen_at = time.monotonic()  # the start of waiting counts as the first time
    while run.is_active:
        time.sleep(POLL_INTERVAL_SECONDS)
        run.refresh_from_db()
        is_queued = run.state == RunState.QUEUED
        if not is_queued and lock.is_locked():
            worker_seen_at = time.monotonic()
        seconds_without_worker = time.monotonic() - worker_seen_at
        if is_queued and seconds_without_worker > wait_seconds:
            raise CommandError(NO_WORKER)
        if not is_queued and seconds_without_worker > WORKER_LOST_SECONDS:
            raise CommandError(WORKER_LOST)
        for step in run.steps.order_by("position"):
            step_state = (step.position, step.finished_at is not None)
            if step_state not in yielded:
                yielded.add(step_state)
                yield step


def _print_result(run: ScoringRun, console: Console) -> None:
    """Print the counts of a published run; raise CommandError for one that was not published."""
    if not run.has_result:
        detail = f" Reference {run.reference}, see the worker's log." if run.reference else ""
        message = f"Run {run.pk} has {run.state}.{detail}"
        raise CommandError(f"{message} What was published before is still shown.")
    console.print(
        f"Published: {run.customers:,} customers, {run.flagged_high:,} at high risk,"
        f" {run.flagged_watch:,} to watch; {run.seconds:.2f} s"
    )
