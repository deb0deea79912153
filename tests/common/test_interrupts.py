"""Ctrl-C ends a long statement instead of waiting for it."""

import signal
from threading import Thread

import pytest
from django.db import connection, transaction

from common.interrupts import cancel_statement_on_interrupt
from tests.common.interrupts import interrupt_soon


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    ["SELECT pg_sleep(30)", "DO $$ BEGIN PERFORM pg_sleep(30); END $$"],
)
def test_interrupt_cancels_the_statement_that_runs(statement: str) -> None:
    with (
        interrupt_soon(),
        pytest.raises(KeyboardInterrupt),
        cancel_statement_on_interrupt(),
        transaction.atomic(),
    ):
        run(statement)
    run("SELECT 1")


@pytest.mark.django_db
def test_what_is_not_interrupted_goes_on_undisturbed() -> None:
    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    with cancel_statement_on_interrupt():
        run("SELECT pg_sleep(0.1)")
    assert signal.set_wakeup_fd(before) == before


def test_another_thread_than_the_main_one_is_left_alone() -> None:
    reached: list[bool] = []

    def work() -> None:
        with cancel_statement_on_interrupt():
            reached.append(True)

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert reached == [True]
