"""Ctrl-C while the database works: the driver waits in C, where Python cannot raise anything."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread, current_thread, main_thread

import psycopg2
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def cancel_statement_on_interrupt() -> Iterator[None]:
    """Let SIGINT cancel the statement that runs, so that KeyboardInterrupt comes at once.

    Without it, KeyboardInterrupt comes when the statement has ended by itself, however long that
    takes. Does nothing outside the main thread, which alone receives signals.
    """
    if current_thread() is not main_thread():
        yield
        return
    receiver, sender = socket.socketpair()
    sender.settimeout(0)
    # Python's handler in C writes the signal's number there whatever the main thread is doing.
    previous = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    database = connections[DEFAULT_DB_ALIAS]
    watcher = Thread(target=_cancel_on_interrupt, args=(receiver, database), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        sender.close()
        watcher.join()
        receiver.close()


def _cancel_on_interrupt(receiver: socket.socket, database: BaseDatabaseWrapper) -> None:
    """Wait for signals until the other end is closed."""
    while numbers := receiver.recv(64):
        if signal.SIGINT in numbers and database.connection is not None:
            # A connection that has just been closed has no statement to cancel.
            with suppress(psycopg2.Error):
                database.connection.cancel()
