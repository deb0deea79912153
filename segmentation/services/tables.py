"""The tables each run creates, and dropping those that are no longer needed.

``segmentation_base_<run>`` holds the transactions added up per customer; it exists only while the
run is being worked on. ``segmentation_score_<run>`` holds the scores; publishing attaches it to
``segmentation_score`` as a partition.
"""

import logging
import re
import time

from django.db import OperationalError, connection, transaction
from psycopg2 import errors, sql

from segmentation.models import RunState, ScoreTotal, ScoringRun

logger = logging.getLogger(__name__)

RUN_TABLE_NAME = re.compile(r"segmentation_(base|score)_(\d+)")
# About 15 seconds in all, with the lock timeout of each attempt.
MAX_DROP_ATTEMPTS = 20
SECONDS_BETWEEN_ATTEMPTS = 0.5
DROP_LOCK_TIMEOUT = "300ms"


def base_table(run_id: int) -> sql.Identifier:
    """Return the quoted name of the run's table of added-up transactions."""
    return sql.Identifier(f"segmentation_base_{run_id}")


def score_table(run_id: int) -> sql.Identifier:
    """Return the quoted name of the run's table of scores, a partition once it is published."""
    return sql.Identifier(f"segmentation_score_{run_id}")


def is_lock_timeout(error: OperationalError) -> bool:
    """Tell whether the error is a statement that waited for a lock longer than lock_timeout."""
    return isinstance(error.__cause__, errors.LockNotAvailable)


def drop_abandoned_tables() -> None:
    """Drop every base table, and the scores and totals of runs that are not published.

    The caller must hold the scoring lock, so that no other run is using its tables. The scores of a
    superseded run are dropped here, when the next run starts, and not when the run is superseded: a
    page that began to read them must be able to finish. A table that stays in use is left for the
    next run.
    """
    published = ScoringRun.objects.filter(state=RunState.PUBLISHED)
    published_ids = set(published.values_list("pk", flat=True))
    ScoreTotal.objects.exclude(run__in=published_ids).delete()
    for name in _table_names():
        match = RUN_TABLE_NAME.fullmatch(name)
        if match and (match[1] == "base" or int(match[2]) not in published_ids):
            _drop_table(name)


def _table_names() -> list[str]:
    """Return the names of all tables on the search path, partitions included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid)"
        )
        return [str(name) for (name,) in cursor.fetchall()]


def _drop_table(name: str) -> None:
    """Drop a table in many short attempts; log a warning if it stays in use.

    Dropping a partition locks the whole score table, and new readers wait behind the statement that
    waits for this lock. Each attempt is therefore short.
    """
    statement = sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name))
    for attempt in range(MAX_DROP_ATTEMPTS):
        if attempt:
            time.sleep(SECONDS_BETWEEN_ATTEMPTS)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(DROP_LOCK_TIMEOUT))
                )
                cursor.execute(statement)
        except OperationalError as error:
            if not is_lock_timeout(error):
                raise
        else:
            return
    logger.warning("table %s is in use; the next run drops it", name)
