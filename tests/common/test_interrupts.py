"""Ctrl-C cancels a long statement."""

import signal
from threading import Thread

import pytest
from django.db import connection, transaction

from common.interrupts import cancel_statement_on_interrupt
from tests.common.interrupts import interrupt_when_waiting


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    ["SELECT pg_sleep(300)", "DO $$ BEGIN PERFORM pg_sleep(300); END $$"],
)
def test_interrupt_cancels_the_running_statement(statement: str) -> None:
    with (
        interrupt_when_waiting(),
        pytest.raises(KeyboardInterrupt),
        cancel_statement_on_interrupt(),
        transaction.atomic(),
    ):
        run(statement)
    run("SELECT 1")


@pytest.mark.django_db
def test_without_an_interrupt_the_statement_ends_and_the_wakeup_descriptor_is_restored() -> None:
    previous_descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(previous_descriptor)
    with cancel_statement_on_interrupt():
        run("SELECT pg_sleep(0.1)")
    assert signal.set_wakeup_fd(previous_descriptor) == previous_descriptor


def test_context_manager_does_nothing_outside_the_main_thread() -> None:
    block_has_run: list[bool] = []

    def run_block() -> None:
        with cancel_statement_on_interrupt():
            block_has_run.append(True)

    thread = Thread(target=run_block)
    thread.start()
    thread.join()
    assert block_has_run == [True]
