"""Clocks, memory and tables."""

import platform
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Size:
    """How much is measured, and how often."""

    customers: int
    transactions: int
    rounds: int
    rows: int
    file: Path | None = None


class Clock:
    """The seconds of the block it was started for."""

    seconds = 0.0


@contextmanager
def clock() -> Iterator[Clock]:
    """Time a block."""
    running = Clock()
    begun = time.perf_counter()
    yield running
    running.seconds = time.perf_counter() - begun


def peak_memory() -> float:
    """Return the most memory this process has held at once, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEBIBYTE if platform.system() == "Darwin" else peak / 1024


def seconds_row(label: str, seconds: Sequence[float]) -> list[str]:
    """Return a table's row: label, then smallest, median and largest."""
    return [label, *(f"{value:.3f}" for value in (min(seconds), median(seconds), max(seconds)))]


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    table = [list(head), *map(list, rows)]
    widths = [max(len(row[n]) for row in table) for n in range(len(head))]
    for number, row in enumerate(table):
        figures = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print(row[0].ljust(widths[0]), *figures, sep="  ")
        if number == 0:
            print("  ".join("-" * width for width in widths))
    print()
    sys.stdout.flush()
