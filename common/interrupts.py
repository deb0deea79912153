"""Ctrl-C during a long database statement, for the import commands.

The driver (psycopg2) waits for the database in C code, where Python cannot raise KeyboardInterrupt.
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

    Inside the block a second thread waits for signals and cancels the statement of the default
    database connection. Without it, KeyboardInterrupt would be raised only when the statement has
    ended. In another thread than the main thread this does nothing, because Python handles signals
    in the main thread only.
    """
    if current_thread() is not main_thread():
        yield
        return
    receiver, sender = socket.socketpair()
    sender.settimeout(0)  # set_wakeup_fd requires a descriptor that does not block
    # Python's signal handler in C writes each signal's number to ``sender``, even while the main
    # thread waits in C code.
    previous_descriptor = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    database = connections[DEFAULT_DB_ALIAS]
    watcher = Thread(target=_cancel_on_interrupt, args=(receiver, database), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous_descriptor)
        sender.close()  # ends the watcher
        watcher.join()
        receiver.close()


def _cancel_on_interrupt(receiver: socket.socket, database: BaseDatabaseWrapper) -> None:
    """Cancel the statement whenever SIGINT arrives, until the sending socket is closed."""
    # Each byte is the number of a signal.
    while numbers := receiver.recv(64):
        if signal.SIGINT in numbers and database.connection is not None:
            # If the connection has just been closed, there is no statement to cancel.
            with suppress(psycopg2.Error):
                database.connection.cancel()
