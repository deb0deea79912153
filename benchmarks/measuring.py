"""What the benchmarks share: their options, measuring time and memory, and printing tables."""

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
class BenchmarkOptions:
    """The options of the command line.

    ``customers`` and ``transactions``: the size of the company. ``rounds``: how often ``nightly``
    and ``pages`` measure, after one round to warm up. ``rows``: of the file that ``import``
    generates. ``file``: the file that ``file`` imports.
    """

    customers: int
    transactions: int
    rounds: int
    rows: int
    file: Path | None = None


class Timer:
    """The duration of a block of ``timer``, which is 0 until the block has ended."""

    seconds = 0.0


@contextmanager
def timer() -> Iterator[Timer]:
    """Measure the duration of the block: ``with timer() as measured: …``."""
    measured = Timer()
    started_at = time.perf_counter()
    yield measured
    measured.seconds = time.perf_counter() - started_at


def peak_memory_mib() -> float:
    """Return the largest memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, KiB on Linux
    return peak / MEBIBYTE if platform.system() == "Darwin" else peak / 1024


def seconds_row(label: str, seconds: Sequence[float]) -> list[str]:
    """Return a row for ``print_table``: label, minimum, median and maximum."""
    return [label, *(f"{value:.3f}" for value in (min(seconds), median(seconds), max(seconds)))]


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: texts in the first column, and figures in the others, aligned to the right.

    An empty line follows it.
    """
    table = [list(header), *map(list, rows)]
    widths = [max(len(row[n]) for row in table) for n in range(len(header))]
    for number, row in enumerate(table):
        figures = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print(row[0].ljust(widths[0]), *figures, sep="  ")
        if number == 0:
            print("  ".join("-" * width for width in widths))
    print()
    sys.stdout.flush()
