"""What a run does, step by step. Each step is one transaction and returns how many rows it made.

The work is done by PostgreSQL; Python only says what is to be done (docs/scoring.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from django.db import connection
from psycopg2 import sql

from common.money import to_minor
from segmentation.models import ChurnLevel, RunState, ScoringRun, StepName
from segmentation.models.segment import CHINESE_EIGHT, INTERNATIONAL_GRID
from segmentation.services import tables

FOLDER = Path(__file__).resolve().parent.parent / "sql"
WORK_MEMORY = "64MB"  # sorting and grouping 200,000 customers stays in memory
MAX_SLICES = 4
LOCK_TIMEOUT = "2s"


@dataclass(frozen=True)
class Step:
    """A step: what it does, and how far (in percent) the run is after it."""

    name: StepName
    perform: Callable[[ScoringRun], int]
    progress: int


def aggregate(run: ScoringRun) -> int:
    """Add up the transactions of every customer into the run's working table."""
    template = _template("aggregate")
    values = _literals(run)
    slices = [
        template.format(**values, from_id=sql.Literal(low), below_id=sql.Literal(high))
        for low, high in _slices()
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET LOCAL work_mem = {}").format(sql.Literal(WORK_MEMORY)))
        cursor.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} AS {}").format(
                tables.base(run.pk),
                sql.SQL(" UNION ALL ").join(sql.SQL("({})").format(one) for one in slices),
            )
        )
        made = int(cursor.rowcount)
        cursor.execute(sql.SQL("ANALYZE {}").format(tables.base(run.pk)))
    return made


def score(run: ScoringRun) -> int:
    """Make the run's table of scores from its working table."""
    values = _literals(run)
    eight = [CHINESE_EIGHT[bool(n & 4), bool(n & 2), bool(n & 1)].value for n in range(8)]
    grid = [segment.value for r in range(1, 6) for segment in INTERNATIONAL_GRID[r]]
    statement = _template("score").format(
        **values,
        base=tables.base(run.pk),
        partition=tables.partition(run.pk),
        churn=_template("churn").format(**values),
        eight=_texts(eight),
        grid=_texts(grid),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET LOCAL work_mem = {}").format(sql.Literal(WORK_MEMORY)))
        cursor.execute(
            sql.SQL(
                "CREATE TABLE {} (LIKE segmentation_score INCLUDING CONSTRAINTS,"
                " CONSTRAINT {} CHECK (run_id = {}))"
            ).format(
                tables.partition(run.pk),
                sql.Identifier(f"segmentation_score_{run.pk}_run"),
                sql.Literal(run.pk),
            )
        )
        cursor.execute(statement)
        return int(cursor.rowcount)


def index(run: ScoringRun) -> int:
    """Give the run's table the key and the indexes of the parent, read from the catalogue.

    Done before publishing, so that attaching finds them and takes milliseconds. The foreign keys
    alone come with attaching: they keep others from writing customers meanwhile.
    """
    partition = tables.partition(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (customer_id, run_id)").format(partition)
        )
        cursor.execute(INDEXES)
        definitions = [str(definition) for (definition,) in cursor.fetchall()]
        for definition in definitions:
            cursor.execute(sql.SQL("CREATE INDEX ON {} {}").format(partition, sql.SQL(definition)))
        cursor.execute(sql.SQL("ANALYZE {}").format(partition))
    return 1 + len(definitions)


def publish(run: ScoringRun) -> int:
    """Let readers see the run instead of what they saw before: all at once.

    Attaching blocks no reader. It waits for whoever is writing customers, a little and then again.
    """
    partition = tables.partition(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "SELECT count(*), count(*) FILTER (WHERE churn_level = {}),"
                " count(*) FILTER (WHERE churn_level = {}) FROM {}"
            ).format(sql.Literal(ChurnLevel.WATCH), sql.Literal(ChurnLevel.HIGH), partition)
        )
        run.customers, run.flagged_watch, run.flagged_high = cursor.fetchone() or (0, 0, 0)
        cursor.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
        cursor.execute(sql.SQL("DROP TABLE {}").format(tables.base(run.pk)))
        cursor.execute(
            sql.SQL("ALTER TABLE segmentation_score ATTACH PARTITION {} FOR VALUES IN ({})").format(
                partition, sql.Literal(run.pk)
            )
        )
    ScoringRun.objects.filter(as_of=run.as_of, state=RunState.PUBLISHED).update(
        state=RunState.SUPERSEDED
    )
    run.state = RunState.PUBLISHED
    return run.customers


STEPS = (
    Step(StepName.AGGREGATE, aggregate, 55),
    Step(StepName.SCORE, score, 75),
    Step(StepName.INDEX, index, 95),
    Step(StepName.PUBLISH, publish, 100),
)

INDEXES = """
    SELECT substring(pg_get_indexdef(indexrelid) FROM ' (USING .*)$') FROM pg_index
     WHERE indrelid = 'segmentation_score'::regclass AND NOT indisprimary ORDER BY indexrelid
"""


def _template(name: str) -> sql.SQL:
    return sql.SQL((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def _texts(values: list[str]) -> sql.Composed:
    return sql.SQL("ARRAY[{}]::text[]").format(
        sql.SQL(", ").join(sql.Literal(value) for value in values)
    )


def _literals(run: ScoringRun) -> dict[str, sql.Composable]:
    """Return the run's settings as SQL; amounts become hundredths."""
    used = run.settings | {"drop_min_previous": to_minor(run.settings["drop_min_previous"])}
    return {
        "as_of": sql.Literal(run.as_of),
        "run_id": sql.Literal(run.pk),
        **{name: sql.Literal(value) for name, value in used.items()},
    }


def _slices() -> list[tuple[int, int]]:
    """Cut the customers into one range of ids for each process the database lends a query.

    Grouping in index order needs no sort but does not run in parallel by itself; a union of ranges
    does, and halves the time on two cores (docs/performance.md).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_parallel_workers_per_gather')::integer,"
            " coalesce(min(id), 0), coalesce(max(id), 0) + 1 FROM crm_customer"
        )
        workers, low, high = cursor.fetchone() or (0, 0, 1)
    count = max(1, min(MAX_SLICES, workers))
    bounds = [low + (high - low) * n // count for n in range(count + 1)]
    return list(pairwise(bounds))
