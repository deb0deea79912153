"""The whole nightly run against a plain GROUP BY over the heap, in turns."""

import logging
from collections import defaultdict
from statistics import median

from django.db import connection, transaction

from benchmarks.measuring import Size, clock, peak_memory, seconds_row, show
from benchmarks.scoring import score

PLAIN = (
    "SELECT customer_id, max(occurred_on), count(*), sum(amount) FROM crm_transaction GROUP BY 1"
)
HEAP_ONLY = "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off;"
HEAP_ONLY += " SET LOCAL enable_bitmapscan = off"


def measure(size: Size) -> None:
    """Alternate the three; print seconds, the ratio pair by pair, steps and peak memory."""
    logging.disable(logging.INFO)
    print(f"{size.transactions:,} transactions of {size.customers:,} customers\n")
    print("Plan of the plain GROUP BY over the heap:")
    print(_plan(heap_only=True))
    print("Plan of the same GROUP BY when the database may choose:")
    print(_plan(heap_only=False), "\n")
    heap, free, nightly = [], [], []
    steps: dict[str, list[float]] = defaultdict(list)
    for number in range(size.rounds + 1):
        plain, chosen, (whole, run) = _plain(heap_only=True), _plain(heap_only=False), score()
        if number == 0:
            continue  # the first warms caches
        heap.append(plain)
        free.append(chosen)
        nightly.append(whole)
        for step in run.steps.all():
            steps[step.name].append(step.seconds or 0.0)
    show(
        ["seconds", "min", "median", "max"],
        [
            seconds_row("plain GROUP BY, heap", heap),
            seconds_row("same GROUP BY, planner's choice", free),
            seconds_row("whole nightly run", nightly),
            *(seconds_row(f"  {name}", seconds) for name, seconds in steps.items()),
        ],
    )
    ratios = [ours / plain for ours, plain in zip(nightly, heap, strict=True)]
    pairs = "  ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"nightly / heap, pair by pair: {pairs}   median {median(ratios):.2f}")
    print(f"peak memory of this process: {peak_memory():.0f} MiB")


def _plan(*, heap_only: bool) -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        if heap_only:
            cursor.execute(HEAP_ONLY)
        cursor.execute(f"EXPLAIN (COSTS OFF) {PLAIN}")
        return "\n".join(f"  {line}" for (line,) in cursor.fetchall())


def _plain(*, heap_only: bool) -> float:
    """Return the seconds until the whole result is with the client, unread."""
    with transaction.atomic(), connection.cursor() as cursor:
        if heap_only:
            cursor.execute(HEAP_ONLY)
        with clock() as running:
            cursor.execute(PLAIN)
    return running.seconds
