"""The progress that ``make_demo`` prints: one line per step with its rows and seconds.

Call ``begin``, then ``advance`` for finished rows, then ``end``, for one step after the other.
"""

import time
from unicodedata import east_asian_width

from django.core.management.base import OutputWrapper

SECONDS_BETWEEN_UPDATES = 0.2
CLEAR_LINE = "\r\x1b[K"  # terminal codes: go to the start of the line and erase it
LABEL_WIDTH = 32  # terminal columns


def display_width(text: str) -> int:
    """Return how many columns the text takes in a terminal; a Chinese character takes two."""
    # "W" is wide, "F" is full width.
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def pad(text: str, width: int) -> str:
    """Return the text with blanks added at the end, so that it takes ``width`` columns."""
    return text + " " * (width - display_width(text))


class Progress:
    """Prints each step when it ends. On a terminal its line is also updated while it runs.

    ``out`` None prints nothing.
    """

    def __init__(self, out: OutputWrapper | None) -> None:
        self._out = out
        self._is_terminal = bool(out and out.isatty())
        self._label, self._total, self._row_count = "", 0, 0
        self._started_at = self._printed_at = 0.0

    def begin(self, label: str, total: int = 0) -> None:
        """Start a step of ``total`` rows; 0 if the number is not known."""
        self._label, self._total, self._row_count = label, total, 0
        self._started_at = time.monotonic()
        self._print_update()

    def advance(self, rows: int) -> None:
        """Add to the number of finished rows."""
        self._row_count += rows
        if time.monotonic() - self._printed_at >= SECONDS_BETWEEN_UPDATES:
            self._print_update()

    def end(self) -> None:
        """Print the rows and seconds of the step and end its line."""
        seconds = time.monotonic() - self._started_at
        rows = f"{self._row_count:>12,}" if self._row_count else " " * 12
        self._write(f"{pad(self._label, LABEL_WIDTH)}{rows}  {seconds:6.1f} s", "\n")

    def _print_update(self) -> None:
        self._printed_at = time.monotonic()
        if self._is_terminal:
            percent = f"  {100 * self._row_count // self._total:3} %" if self._total else ""
            self._write(f"{pad(self._label, LABEL_WIDTH)}{self._row_count:>12,}{percent}", "")

    def _write(self, text: str, ending: str) -> None:
        if self._out is not None:
            self._out.write((CLEAR_LINE if self._is_terminal else "") + text, ending=ending)
            self._out.flush()
