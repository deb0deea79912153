"""The steps of a run, which ``segmentation.services.run`` executes in the order of ``STEPS``.

Each step runs in a transaction that the caller opens, and returns a StepResult, which the caller
stores. PostgreSQL does the work; Python only composes the statements: those over all customers are
in ``segmentation/sql/``, with ``{names}`` for the values (docs/scoring.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from django.db import connection
from django.db.models import Sum
from psycopg2 import sql

from common.money import to_minor
from segmentation.models import ChurnLevel, RunState, ScoreTotal, ScoringRun, StepName
from segmentation.models.segment import CHINESE_EIGHT, INTERNATIONAL_GRID
from segmentation.services import tables

SQL_DIRECTORY = Path(__file__).resolve().parent.parent / "sql"
WORK_MEMORY = "64MB"  # enough to sort and group 200,000 customers in memory
MAX_SLICES = 4  # slices of customer ids that are added up in parallel
LOCK_TIMEOUT = "2s"  # of publishing: writes to customers wait behind it for so long at most


@dataclass(frozen=True)
class RunCounts:
    """How many customers a run has scored and flagged. The fields are fields of ScoringRun too."""

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
    """A step of a run, and the function that does it."""

    name: StepName
    perform: Callable[[ScoringRun], StepResult]
    progress: int  # of the run when the step has ended, in percent


def aggregate(run: ScoringRun) -> StepResult:
    """Create the run's base table: a row per customer with their transactions added up.

    All slices are parts of one statement, so they see the same state of the transactions.
    """
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
    """Create the run's table of scores and fill it from its base table.

    The check that all rows are of this run spares ``publish`` checking each row when it attaches
    the table.
    """
    parameters = _sql_parameters(run)
    score_table = tables.score_table(run.pk)
    statement = _sql_file("score").format(
        **parameters,
        base_table=tables.base_table(run.pk),
        score_table=score_table,
        previous_levels=_previous_levels(run),
        churn=_sql_file("churn").format(**parameters),
        chinese_segments=_text_array(_chinese_segments()),
        international_segments=_text_array(_international_segments()),
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
    """Give the run's table the primary key and the indexes of the score table.

    Attaching then finds them and need not build them, so publishing is short. The foreign keys are
    added by attaching, because adding them here would block writes to customers.
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


def add_up(run: ScoringRun) -> StepResult:
    """Add up the scores by unit, for the overview of segments."""
    statement = _sql_file("totals").format(
        run_id=sql.Literal(run.pk), score_table=tables.score_table(run.pk)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return StepResult(int(cursor.rowcount))


def publish(run: ScoringRun) -> StepResult:
    """Attach the run's table, and mark an earlier run of the same day superseded.

    Readers see the whole run as soon as the transaction commits. Attaching blocks no reader, but
    waits for open writes to customers. After LOCK_TIMEOUT it fails, and the caller runs the step
    again.
    """
    score_table = tables.score_table(run.pk)
    counts = _counts(run)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
        cursor.execute(sql.SQL("DROP TABLE {}").format(tables.base_table(run.pk)))
        cursor.execute(
            sql.SQL("ALTER TABLE segmentation_score ATTACH PARTITION {} FOR VALUES IN ({})").format(
                score_table, sql.Literal(run.pk)
            )
        )
    # The caller marks this run itself published, with the returned counts.
    ScoringRun.objects.filter(as_of=run.as_of, state=RunState.PUBLISHED).update(
        state=RunState.SUPERSEDED
    )
    return StepResult(counts.customers, published_counts=counts)


# The progress is a rough share of the run's usual duration (docs/performance.md).
STEPS = (
    Step(StepName.AGGREGATE, aggregate, 55),
    Step(StepName.SCORE, score, 75),
    Step(StepName.INDEX, index, 92),
    Step(StepName.TOTALS, add_up, 96),
    Step(StepName.PUBLISH, publish, 100),
)

# Selects the definition of each index of the score table as CREATE INDEX takes it after the name of
# the table: "USING btree (segment_cn, customer_id)".
INDEX_DEFINITIONS = """
    SELECT substring(pg_get_indexdef(indexrelid) FROM ' (USING .*)$') FROM pg_index
     WHERE indrelid = 'segmentation_score'::regclass AND NOT indisprimary ORDER BY indexrelid
"""


def _previous_levels(run: ScoringRun) -> sql.Composable:
    """Return the query for the churn levels in the run before, by customer."""
    if run.previous_id is None:
        return sql.SQL("SELECT NULL::bigint AS customer_id, 0 AS churn_level LIMIT 0")
    return sql.SQL("SELECT customer_id, churn_level FROM {}").format(
        tables.score_table(run.previous_id)
    )


def _counts(run: ScoringRun) -> RunCounts:
    """Return the counts of a run whose scores have been added up."""
    totals = dict(
        ScoreTotal.objects.filter(run=run)
        .order_by()
        .values_list("churn_level")
        .annotate(number=Sum("customer_count"))
    )
    return RunCounts(
        customers=sum(totals.values()),
        flagged_watch=totals.get(ChurnLevel.WATCH, 0),
        flagged_high=totals.get(ChurnLevel.HIGH, 0),
    )


def _sql_file(name: str) -> sql.SQL:
    """Return the statement in ``segmentation/sql/<name>.sql``, to be completed by ``format``."""
    return sql.SQL((SQL_DIRECTORY / f"{name}.sql").read_text(encoding="utf-8"))


def _chinese_segments() -> list[str]:
    """Return the codes in the order of score.sql: index 4 · (R high) + 2 · (F high) + (M high)."""
    return [CHINESE_EIGHT[bool(n & 4), bool(n & 2), bool(n & 1)].value for n in range(8)]


def _international_segments() -> list[str]:
    """Return the codes in the order of score.sql: the rows of the grid from R = 1 to R = 5."""
    return [segment.value for r in range(1, 6) for segment in INTERNATIONAL_GRID[r]]


def _text_array(values: list[str]) -> sql.Composed:
    return sql.SQL("ARRAY[{}]::text[]").format(
        sql.SQL(", ").join(sql.Literal(value) for value in values)
    )


def _sql_parameters(run: ScoringRun) -> dict[str, sql.Composable]:
    """Return the values for the names in the SQL files: ``as_of``, ``run_id`` and each setting.

    The table of transactions has hundredths of the currency, so the setting that is an amount is
    converted to hundredths.
    """
    values = run.settings | {"drop_min_previous": to_minor(run.settings["drop_min_previous"])}
    return {
        "as_of": sql.Literal(run.as_of),
        "run_id": sql.Literal(run.pk),
        **{name: sql.Literal(value) for name, value in values.items()},
    }


def _customer_id_slices() -> list[tuple[int, int]]:
    """Return ranges of customer ids ``(first, after_last)`` that together have all customers.

    There is one for each parallel process that the database gives a query, MAX_SLICES at most.
    Grouping in index order needs no sort, but PostgreSQL does not run it in parallel. A union of
    ranges is run in parallel, which halves the time on two cores.
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
