"""The steps of a run. Each is one transaction and returns a StepResult, which the runner stores.

PostgreSQL does the work; Python only composes the statements (docs/scoring.md).
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

SQL_DIRECTORY = Path(__file__).resolve().parent.parent / "sql"
WORK_MEMORY = "64MB"  # enough to sort and group 200,000 customers in memory
MAX_SLICES = 4
LOCK_TIMEOUT = "2s"


@dataclass(frozen=True)
class RunCounts:
    """How many customers a run has scored and flagged."""

    customers: int
    flagged_watch: int
    flagged_high: int


@dataclass(frozen=True)
class StepResult:
    """What a step returns to ``segmentation.services.run``, which stores it.

    ``rows`` is the number of rows the step made or checked (for the step ``index``, the number of
    indexes). Only the last step sets ``published_counts``: with them, the run becomes published.
    """

    rows: int
    published_counts: RunCounts | None = None


@dataclass(frozen=True)
class Step:
    """A step: the function that does it, and the run's progress (in percent) after it."""

    name: StepName
    perform: Callable[[ScoringRun], StepResult]
    progress: int


def aggregate(run: ScoringRun) -> StepResult:
    """Add up the transactions of every customer into the run's base table."""
    template = _sql_file("aggregate")
    parameters = _sql_parameters(run)
    slices = [
        template.format(**parameters, from_id=sql.Literal(low), below_id=sql.Literal(high))
        for low, high in _customer_id_slices()
    ]
    base_table = tables.base_table(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET LOCAL work_mem = {}").format(sql.Literal(WORK_MEMORY)))
        cursor.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} AS {}").format(
                base_table,
                sql.SQL(" UNION ALL ").join(sql.SQL("({})").format(query) for query in slices),
            )
        )
        rows = int(cursor.rowcount)
        cursor.execute(sql.SQL("ANALYZE {}").format(base_table))
    return StepResult(rows)


def score(run: ScoringRun) -> StepResult:
    """Create the run's table of scores and fill it from its base table."""
    parameters = _sql_parameters(run)
    score_table = tables.score_table(run.pk)
    # score.sql computes the index in each array: 4·(R high) + 2·(F high) + (M high), and
    # 5·(R − 1) + half the sum of F and M.
    chinese_segments = [
        CHINESE_EIGHT[bool(n & 4), bool(n & 2), bool(n & 1)].value for n in range(8)
    ]
    international_segments = [
        segment.value for r in range(1, 6) for segment in INTERNATIONAL_GRID[r]
    ]
    statement = _sql_file("score").format(
        **parameters,
        base_table=tables.base_table(run.pk),
        score_table=score_table,
        churn=_sql_file("churn").format(**parameters),
        chinese_segments=_text_array(chinese_segments),
        international_segments=_text_array(international_segments),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET LOCAL work_mem = {}").format(sql.Literal(WORK_MEMORY)))
        cursor.execute(
            sql.SQL(
                "CREATE TABLE {} (LIKE segmentation_score INCLUDING CONSTRAINTS,"
                " CONSTRAINT {} CHECK (run_id = {}))"
            ).format(
                score_table,
                sql.Identifier(f"segmentation_score_{run.pk}_run"),
                sql.Literal(run.pk),
            )
        )
        cursor.execute(statement)
        return StepResult(int(cursor.rowcount))


def index(run: ScoringRun) -> StepResult:
    """Give the run's table the parent's primary key and indexes, read from the catalogue.

    This is done before publishing: attaching then finds the indexes and takes milliseconds. The
    foreign keys are added by attaching, because adding them here would block writes to customers.
    """
    score_table = tables.score_table(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (customer_id, run_id)").format(score_table)
        )
        cursor.execute(INDEX_DEFINITIONS)
        definitions = [str(definition) for (definition,) in cursor.fetchall()]
        for definition in definitions:
            cursor.execute(
                sql.SQL("CREATE INDEX ON {} {}").format(score_table, sql.SQL(definition))
            )
        cursor.execute(sql.SQL("ANALYZE {}").format(score_table))
    return StepResult(1 + len(definitions))


def publish(run: ScoringRun) -> StepResult:
    """Attach the run's table, and mark an earlier run of the same day superseded.

    Readers see the whole run as soon as the transaction commits. Attaching blocks no reader, but
    waits for open writes to customers: LOCK_TIMEOUT at a time, then the runner tries again.
    """
    score_table = tables.score_table(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "SELECT count(*), count(*) FILTER (WHERE churn_level = {}),"
                " count(*) FILTER (WHERE churn_level = {}) FROM {}"
            ).format(sql.Literal(ChurnLevel.WATCH), sql.Literal(ChurnLevel.HIGH), score_table)
        )
        counts = RunCounts(*(cursor.fetchone() or (0, 0, 0)))
        cursor.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
        cursor.execute(sql.SQL("DROP TABLE {}").format(tables.base_table(run.pk)))
        cursor.execute(
            sql.SQL("ALTER TABLE segmentation_score ATTACH PARTITION {} FOR VALUES IN ({})").format(
                score_table, sql.Literal(run.pk)
            )
        )
    # This run is still running: the runner marks it published with the returned counts.
    ScoringRun.objects.filter(as_of=run.as_of, state=RunState.PUBLISHED).update(
        state=RunState.SUPERSEDED
    )
    return StepResult(counts.customers, published_counts=counts)


STEPS = (
    Step(StepName.AGGREGATE, aggregate, 55),
    Step(StepName.SCORE, score, 75),
    Step(StepName.INDEX, index, 95),
    Step(StepName.PUBLISH, publish, 100),
)

INDEX_DEFINITIONS = """
    SELECT substring(pg_get_indexdef(indexrelid) FROM ' (USING .*)$') FROM pg_index
     WHERE indrelid = 'segmentation_score'::regclass AND NOT indisprimary ORDER BY indexrelid
"""


def _sql_file(name: str) -> sql.SQL:
    return sql.SQL((SQL_DIRECTORY / f"{name}.sql").read_text(encoding="utf-8"))


def _text_array(values: list[str]) -> sql.Composed:
    return sql.SQL("ARRAY[{}]::text[]").format(
        sql.SQL(", ").join(sql.Literal(value) for value in values)
    )


def _sql_parameters(run: ScoringRun) -> dict[str, sql.Composable]:
    """Return the run's id, day and settings as SQL; amounts in hundredths of the currency."""
    values = run.settings | {"drop_min_previous": to_minor(run.settings["drop_min_previous"])}
    return {
        "as_of": sql.Literal(run.as_of),
        "run_id": sql.Literal(run.pk),
        **{name: sql.Literal(value) for name, value in values.items()},
    }


def _customer_id_slices() -> list[tuple[int, int]]:
    """Return ranges of customer ids, one for each parallel process the database gives a query.

    Grouping in index order needs no sort, but PostgreSQL does not run it in parallel. A union of
    ranges is run in parallel, which halves the time on two cores (docs/performance.md).
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
