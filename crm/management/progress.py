"""How far an import is: a bar on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from django.utils.translation import gettext as _
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from crm.services.importing.outcome import Progress as News
from crm.services.importing.outcome import ProgressReporter, Step

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def shown_progress(stdout: OutputWrapper) -> Iterator[ProgressReporter]:
    """Yield what an import tells its progress to."""
    if stdout.isatty():
        with _bar() as bar:
            task = bar.add_task("", total=None, rows=0)

            def advance(news: News) -> None:
                bar.update(
                    task,
                    description=str(news.step.label),
                    rows=news.rows,
                    total=news.size,
                    completed=news.bytes_read,
                )

            yield advance
    else:
        yield _lines(stdout)


def _bar() -> Progress:
    rows = _("rows")
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} " + rows),
        TimeElapsedColumn(),
        transient=True,
    )


def _lines(stdout: OutputWrapper) -> ProgressReporter:
    last_step, last_at = Step.READ, time.monotonic()

    def write(news: News) -> None:
        nonlocal last_step, last_at
        now = time.monotonic()
        if news.step != last_step or now - last_at >= SECONDS_BETWEEN_LINES:
            last_step, last_at = news.step, now
            stdout.write(f"{news.step.label}: {news.rows:,} {_('rows')}")

    return write
