"""Ctrl-C during a database statement.

The driver waits for the database in C code, where Python cannot raise KeyboardInterrupt.
"""

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
    """Cancel the running statement on SIGINT, so that KeyboardInterrupt is raised at once.

    Without this, KeyboardInterrupt is raised when the statement has ended, however long that takes.
    Outside the main thread this does nothing, because only the main thread receives signals.
    """
    if current_thread() is not main_thread():
        yield
        return
    receiver, sender = socket.socketpair()
    sender.settimeout(0)
    # Python's signal handler in C writes the signal's number there, even if the main thread waits.
    previous_descriptor = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    database = connections[DEFAULT_DB_ALIAS]
    watcher = Thread(target=_cancel_on_interrupt, args=(receiver, database), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous_descriptor)
        sender.close()
        watcher.join()
        receiver.close()


def _cancel_on_interrupt(receiver: socket.socket, database: BaseDatabaseWrapper) -> None:
    """Wait for signals until the sending socket is closed; cancel the statement on SIGINT."""
    while numbers := receiver.recv(64):
        if signal.SIGINT in numbers and database.connection is not None:
            # If the connection has just been closed, there is no statement to cancel.
            with suppress(psycopg2.Error):
                database.connection.cancel()
