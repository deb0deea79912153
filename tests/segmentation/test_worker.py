"""A real Celery worker, and its sudden death."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from segmentation.models import CustomerScore, RunState, ScoringRun, StepName
from segmentation.selectors import current_run
from segmentation.services import lock
from segmentation.services.run import request_run, scheduler
from segmentation.tasks import execute_run
from tests.history import fixture_changes
from tests.segmentation import cdnow, stories

pytestmark = pytest.mark.worker
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90
EVE, NIGHT = date(1998, 6, 30), date(1998, 7, 1)


@contextmanager
def worker(database: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker on the test's database; kill what is left of it at the end."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "--app", "config.celery", "worker"),
            *("--hostname", f"worker@{database}", "--concurrency", "1", "--loglevel", "WARNING"),
            *("--without-mingle", "--without-gossip"),
        ],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the worker and its child at once, as the kernel does when memory is short."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def child_of(database: str) -> int:
    """Return the process of the worker that does the work."""
    name = f"worker@{database}"
    answers = current_app.control.inspect(destination=[name], timeout=30).stats()
    assert answers is not None
    return int(answers[name]["pool"]["processes"][0])


@contextmanager
def held_up(statement: str) -> Iterator[None]:
    """Keep a lock in a second session that the run's work waits for."""
    session = connection.copy()
    session.set_autocommit(autocommit=False)
    try:
        with session.cursor() as cursor:
            cursor.execute(statement)
        yield
    finally:
        session.close()


def wait_until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


def ask() -> ScoringRun:
    return request_run(as_of=NIGHT, actor=scheduler(), enqueue=execute_run.delay)


def is_at(run: ScoringRun, step: StepName) -> bool:
    return run.steps.filter(name=step, finished_at__isnull=True).exists()


def has_ended(run: ScoringRun) -> bool:
    run.refresh_from_db()
    return not run.is_active


# What stops a worker in its first step, and what stops it in its last.
HOLD_UPS = {
    StepName.AGGREGATE: "LOCK TABLE crm_transaction IN ACCESS EXCLUSIVE MODE",
    StepName.PUBLISH: "LOCK TABLE crm_customer IN ROW EXCLUSIVE MODE",
}


@pytest.mark.parametrize("step", HOLD_UPS)
def test_worker_killed_in_a_step_leaves_the_old_result_and_the_next_run_finishes(
    own_database: str, step: StepName
) -> None:
    cdnow.load(cdnow.read_sample())
    old = stories.score(EVE)
    with worker(own_database) as victim, held_up(HOLD_UPS[step]):
        killed = ask()
        wait_until(lambda: is_at(killed, step))
        kill(victim)
    assert current_run() == old
    assert CustomerScore.objects.filter(run=old).count() == 2357
    wait_until(lambda: not lock.is_somebody_working())

    with worker(own_database):
        done = ask()
        wait_until(lambda: has_ended(done))

    killed.refresh_from_db()
    assert (killed.state, done.state) == (RunState.INTERRUPTED, RunState.PUBLISHED)
    assert current_run() == done
    assert done.customers == 2357


def test_child_killed_in_a_step_is_replaced_and_the_same_run_is_done(own_database: str) -> None:
    cdnow.load(cdnow.read_sample())
    with worker(own_database):
        with held_up(HOLD_UPS[StepName.AGGREGATE]):
            run = ask()
            wait_until(lambda: is_at(run, StepName.AGGREGATE))
            first_start = ScoringRun.objects.get().started_at
            os.kill(child_of(own_database), signal.SIGKILL)
        wait_until(lambda: has_ended(run))

    assert run.state == RunState.PUBLISHED
    assert run.started_at is not None
    assert first_start is not None
    assert run.started_at > first_start
    assert ScoringRun.objects.count() == 1


def test_command_has_the_worker_score_and_shows_the_steps(
    own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cdnow.load(cdnow.read_sample())
    with worker(own_database):
        call_command("nightly", as_of=NIGHT, window_days=90)
        call_command("nightly", as_of=NIGHT, if_stale=True)

    run = ScoringRun.objects.get()
    assert (run.state, run.channel, run.settings["window_days"]) == ("published", "command", 90)
    printed = capsys.readouterr().out
    last = len(StepName)
    for words in (
        f"1/{last} Add up transactions",
        f"{last}/{last} Publish",
        "2,357 customers",
        "scored already",
    ):
        assert words in printed


def test_command_says_so_when_the_products_own_account_was_closed(own_database: str) -> None:
    with fixture_changes():
        User.objects.filter(pk=scheduler().pk).update(is_active=False)
    with pytest.raises(CommandError, match="“scheduler” may not start runs"):
        call_command("nightly", as_of=NIGHT)


def test_command_without_a_worker_says_so_and_fails(own_database: str) -> None:
    with pytest.raises(CommandError, match="No worker"):
        call_command("nightly", as_of=NIGHT, wait_seconds=1)
    with pytest.raises(CommandError, match="under way"):
        call_command("nightly", as_of=NIGHT, wait_seconds=1)
    with pytest.raises(CommandError, match="No worker"):
        call_command("nightly", as_of=NIGHT, if_stale=True, wait_seconds=1)
