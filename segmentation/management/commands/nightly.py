"""``manage.py nightly``: have the worker score, and watch it."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from rich.console import Console

from common.errors import RefusedError
from segmentation.models import RunState, ScoringRun, ScoringStep, StepName
from segmentation.selectors import active_run, is_scored
from segmentation.services.lock import is_somebody_working
from segmentation.services.run import request_run, scheduler
from segmentation.tasks import execute_run

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_WITHOUT_WORKER = 60


class Command(BaseCommand):
    """Start a scoring run through the worker and show its steps until it ends."""

    help = "Score all customers through the worker, and show the steps until it has ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
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
        """Exit with 0 when the run was published, or needed none; with 1 otherwise."""
        as_of = options["as_of"] or timezone.localdate()
        console = Console(highlight=False, soft_wrap=True)
        if options["if_stale"] and is_scored(as_of):
            console.print(f"As of {as_of} is scored already.")
            return
        overrides = {"window_days": options["window_days"]} if options["window_days"] else {}
        run = _request(as_of, overrides, join=options["if_stale"])
        console.print(f"Run {run.pk} as of {as_of}")
        with console.status("Waiting for a worker …") as status:
            for step in _steps_of(run, wait_seconds=options["wait_seconds"]):
                label = f"{step.position}/{len(StepName)} {step.get_name_display()}"
                if step.finished_at is None:
                    status.update(f"{label} …")
                else:
                    console.print(f"  {label}: {step.rows:,} rows, {step.seconds:.2f} s")
        _report(run, console)


def _request(as_of: date, overrides: dict[str, int], *, join: bool) -> ScoringRun:
    """Ask for the run; with ``join``, take part in one of the same day that is under way."""
    try:
        return request_run(
            as_of=as_of, actor=scheduler(), enqueue=execute_run.delay, overrides=overrides
        )
    except RefusedError as error:
        active = active_run()
        if join and active is not None and active.as_of == as_of:
            return active
        raise CommandError(error.message) from error
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    except PermissionDenied as error:
        message = "The account “scheduler” may not start runs: see Administration, Users and Roles."
        raise CommandError(message) from error
    except BrokerError as error:
        message = f"The queue cannot be reached: {error}. Is Valkey (REDIS_URL) up?"
        raise CommandError(message) from error


def _steps_of(run: ScoringRun, *, wait_seconds: float) -> Iterator[ScoringStep]:
    """Yield each step when it begins and again when it has ended, until the run ends.

    Raises CommandError when no worker takes the run, or when the one that did is gone.
    """
    shown: set[tuple[int, bool]] = set()
    heard = time.monotonic()
    while run.is_active:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        run.refresh_from_db()
        waits = run.state == RunState.QUEUED
        if not waits and is_somebody_working():
            heard = time.monotonic()
        if time.monotonic() - heard > (wait_seconds if waits else SECONDS_WITHOUT_WORKER):
            raise CommandError(NO_WORKER if waits else WORKER_GONE)
        for step in run.steps.order_by("position"):
            state = (step.position, step.finished_at is not None)
            if state not in shown:
                shown.add(state)
                yield step


NO_WORKER = (
    "No worker has taken the run. Start one (make run, or: celery --app config.celery worker) and"
    " it will; if none does, ask again in two minutes."
)
WORKER_GONE = (
    "The worker was cut off. What was published before is still shown. Start a worker, ask again."
)


def _report(run: ScoringRun, console: Console) -> None:
    if not run.has_result:
        detail = f" {run.error} (reference {run.reference}, see the worker's log)"
        message = f"Run {run.pk} has {run.state}.{detail if run.error else ''}"
        raise CommandError(f"{message} What was published before is still shown.")
    console.print(
        f"Published: {run.customers:,} customers, {run.flagged_high:,} at high risk,"
        f" {run.flagged_watch:,} to watch; {run.seconds:.2f} s"
    )
