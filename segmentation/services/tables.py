"""The tables a run makes for itself, and ridding the database of those nobody needs.

``segmentation_base_<run>`` holds what was added up per customer; it lives as long as the run is at
work. ``segmentation_score_<run>`` holds the scores; it becomes a partition when it is published.
"""

import logging
import re
import time

from django.db import OperationalError, connection, transaction
from psycopg2 import errors, sql

from segmentation.models import RunState, ScoringRun

logger = logging.getLogger(__name__)

OF_RUNS = re.compile(r"segmentation_(base|score)_(\d+)")
TRIES_TO_DROP = 20
SECONDS_BETWEEN_TRIES = 0.5


def base(run_id: int) -> sql.Identifier:
    """Return the name of the run's working table."""
    return sql.Identifier(f"segmentation_base_{run_id}")


def partition(run_id: int) -> sql.Identifier:
    """Return the name of the run's table of scores."""
    return sql.Identifier(f"segmentation_score_{run_id}")


def is_lock_timeout(error: OperationalError) -> bool:
    """Tell whether a statement gave up waiting for a lock."""
    return isinstance(error.__cause__, errors.LockNotAvailable)


def drop_leftovers() -> None:
    """Drop the tables of runs that are not published; only for whoever holds the working lock.

    A superseded run's scores go here, at the start of the next run, and not when they were
    superseded: a page that began with them must be able to end with them. One that is in use all
    the time is left for the next time.
    """
    kept = set(ScoringRun.objects.filter(state=RunState.PUBLISHED).values_list("pk", flat=True))
    for name in _names():
        match = OF_RUNS.fullmatch(name)
        if match and (match[1] == "base" or int(match[2]) not in kept):
            _drop(name)


def _names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid)"
        )
        return [str(name) for (name,) in cursor.fetchall()]


def _drop(name: str) -> None:
    """Dropping a partition needs the whole table for itself: ask briefly, and often."""
    statement = sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name))
    for attempt in range(TRIES_TO_DROP):
        if attempt:
            time.sleep(SECONDS_BETWEEN_TRIES)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
                cursor.execute(statement)
        except OperationalError as error:
            if not is_lock_timeout(error):
                raise
        else:
            return
    logger.warning("table %s is in use; the next run drops it", name)
