"""The benchmark ``nightly``: the nightly run compared with a GROUP BY over all transactions.

The GROUP BY is the least that any scoring has to read. It is measured with index scans disabled, so
that it reads the table itself (the *heap*), and with the plan that PostgreSQL chooses.
"""

import logging
from collections import defaultdict
from statistics import median

from django.db import connection, transaction

from benchmarks.measuring import BenchmarkOptions, peak_memory_mib, print_table, seconds_row, timer
from benchmarks.scoring import run_scoring

GROUP_BY = (
    "SELECT customer_id, max(occurred_on), count(*), sum(amount) FROM crm_transaction GROUP BY 1"
)
DISABLE_INDEXES = "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off;"
DISABLE_INDEXES += " SET LOCAL enable_bitmapscan = off"


def measure(options: BenchmarkOptions) -> None:
    """Measure all three in turn; print the seconds, their ratio, the steps and the memory.

    They take turns, so that other load on the machine affects each of them.
    """
    logging.disable(logging.INFO)  # the lines of the run
    print(f"{options.transactions:,} transactions of {options.customers:,} customers\n")
    print("Plan of the plain GROUP BY over the heap:")
    print(_explain(heap_only=True))
    print("Plan of the same GROUP BY when the database may choose:")
    print(_explain(heap_only=False), "\n")
    without_index_seconds, planner_seconds, nightly_seconds = [], [], []
    steps: dict[str, list[float]] = defaultdict(list)
    for number in range(options.rounds + 1):
        without_index = _time_group_by(heap_only=True)
        planner_choice = _time_group_by(heap_only=False)
        nightly, run = run_scoring()
        if number == 0:
            continue  # the first round warms the caches
        without_index_seconds.append(without_index)
        planner_seconds.append(planner_choice)
        nightly_seconds.append(nightly)
        for step in run.steps.all():
            steps[step.name].append(step.seconds or 0.0)
    print_table(
        ["seconds", "min", "median", "max"],
        [
            seconds_row("plain GROUP BY, heap", without_index_seconds),
            seconds_row("same GROUP BY, planner's choice", planner_seconds),
            seconds_row("whole nightly run", nightly_seconds),
            *(seconds_row(f"  {name}", seconds) for name, seconds in steps.items()),
        ],
    )
    pairs = zip(nightly_seconds, without_index_seconds, strict=True)
    ratios = [nightly / group_by for nightly, group_by in pairs]
    ratio_texts = "  ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"nightly / heap, pair by pair: {ratio_texts}   median {median(ratios):.2f}")
    print(f"peak memory of this process: {peak_memory_mib():.0f} MiB")


def _explain(*, heap_only: bool) -> str:
    """Return PostgreSQL's plan for the GROUP BY, indented."""
    with transaction.atomic(), connection.cursor() as cursor:
        if heap_only:
            cursor.execute(DISABLE_INDEXES)
        cursor.execute(f"EXPLAIN (COSTS OFF) {GROUP_BY}")
        return "\n".join(f"  {line}" for (line,) in cursor.fetchall())


def _time_group_by(*, heap_only: bool) -> float:
    """Return the seconds until the client has received the whole result."""
    with transaction.atomic(), connection.cursor() as cursor:
        if heap_only:
            cursor.execute(DISABLE_INDEXES)
        with timer() as measured:
            cursor.execute(GROUP_BY)
    return measured.seconds
