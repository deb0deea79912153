"""Progress on a terminal: a line per step, counting up while it runs."""

import time
from unicodedata import east_asian_width

from django.core.management.base import OutputWrapper

SECONDS_BETWEEN = 0.2
CLEAR_LINE = "\r\x1b[K"
LABEL_COLUMNS = 32


def columns(text: str) -> int:
    """Return how many columns a terminal gives the text; Chinese characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def padded(text: str, width: int) -> str:
    """Return the text with blanks up to ``width`` columns."""
    return text + " " * (width - columns(text))


class Progress:
    """Tells what is being done and how many rows of it; a terminal sees the count move."""

    def __init__(self, out: OutputWrapper | None) -> None:
        self._out = out
        self._moves = bool(out and out.isatty())
        self._label, self._total, self._done = "", 0, 0
        self._begun = self._shown = 0.0

    def begin(self, label: str, total: int = 0) -> None:
        """Start a step of ``total`` rows; 0 where the number is not known."""
        self._label, self._total, self._done = label, total, 0
        self._begun = time.monotonic()
        self._show()

    def advance(self, rows: int) -> None:
        """Count rows that are done."""
        self._done += rows
        if time.monotonic() - self._shown >= SECONDS_BETWEEN:
            self._show()

    def end(self) -> None:
        """Close the step with its rows and seconds."""
        seconds = time.monotonic() - self._begun
        rows = f"{self._done:>12,}" if self._done else " " * 12
        self._write(f"{padded(self._label, LABEL_COLUMNS)}{rows}  {seconds:6.1f} s", "\n")

    def _show(self) -> None:
        self._shown = time.monotonic()
        if self._moves:
            share = f"  {100 * self._done // self._total:3} %" if self._total else ""
            self._write(f"{padded(self._label, LABEL_COLUMNS)}{self._done:>12,}{share}", "")

    def _write(self, text: str, ending: str) -> None:
        if self._out is not None:
            self._out.write((CLEAR_LINE if self._moves else "") + text, ending=ending)
            self._out.flush()
