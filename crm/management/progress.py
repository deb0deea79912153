"""Showing the progress of an import: a bar on a terminal, a line every ten seconds elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from django.utils.translation import gettext as _
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from crm.services.importing import ImportProgress, ImportStep
from crm.services.importing.progress import ProgressReporter

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress_display(stdout: OutputWrapper) -> Iterator[ProgressReporter]:
    """Yield the function that shows a report: as a bar if ``stdout`` is a terminal, or as lines."""
    if stdout.isatty():
        with _progress_bar() as bar:
            task = bar.add_task("", total=None, rows=0)

            def update_bar(progress: ImportProgress) -> None:
                bar.update(
                    task,
                    description=str(progress.step.label),
                    rows=progress.rows,
                    total=progress.size,
                    completed=progress.bytes_read,
                )

            yield update_bar
    else:
        yield _line_reporter(stdout)


def _progress_bar() -> Progress:
    rows = _("rows")
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} " + rows),
        TimeElapsedColumn(),
        transient=True,
    )


def _line_reporter(stdout: OutputWrapper) -> ProgressReporter:
    """Return a reporter that writes a line at each new step and every SECONDS_BETWEEN_LINES."""
    last_step, last_written_at = ImportStep.READ, time.monotonic()

    def write_line(progress: ImportProgress) -> None:
        nonlocal last_step, last_written_at
        now = time.monotonic()
        if progress.step != last_step or now - last_written_at >= SECONDS_BETWEEN_LINES:
            last_step, last_written_at = progress.step, now
            stdout.write(f"{progress.step.label}: {progress.rows:,} {_('rows')}")

    return write_line
