"""A process that does nothing but hand events to their consumers, for tests that kill it.

``multiprocessing`` starts one server that imports this module, and forks each process from there.
"""

import os
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

import django
from django.apps import apps

APPLICATION_NAME = "test-consumer"  # of the database session of the process

if not apps.ready:  # in the server; pytest has set Django up
    os.environ["PGAPPNAME"] = APPLICATION_NAME
    django.setup()


def _consume_for_ever() -> None:
    from core.services.event_consuming import consume_events  # noqa: PLC0415 (needs the setup)

    while True:
        consume_events()


def start_consuming(database_url: str) -> BaseProcess:
    """Start a process that consumes the events of a database until it is killed."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    before = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = database_url  # the server takes it when it starts
    try:
        process = context.Process(target=_consume_for_ever, daemon=True)
        process.start()
    finally:
        os.environ["DATABASE_URL"] = before
    return process
