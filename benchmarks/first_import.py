"""One file of transactions into an empty database, customers made on the way; then the night."""

from pathlib import Path

from accounts.models import User
from benchmarks.measuring import Size, clock, peak_memory, show
from benchmarks.scoring import score
from common.files import CsvSource
from crm.models import Customer
from crm.services.importing import ImportOptions, ImportResult, import_transactions


def measure(size: Size) -> None:
    """Import, import again, score as of the day after the last; print seconds and memory."""
    if size.file is None:
        raise ValueError("no file")
    rows = []
    for label in ("import", "same file again"):
        with clock() as running:
            result = _import(size.file)
        rows.append([label, f"{running.seconds:.2f}", f"{peak_memory():.0f}"])
        print(f"{label}: {result.rows_created:,} new, {result.rows_unchanged:,} unchanged")
    print(f"{Customer.objects.count():,} customers\n")
    rows += _nightly()
    show(["step", "seconds", "peak MiB so far"], rows)


def _import(path: Path) -> ImportResult:
    with path.open("rb") as stream:
        return import_transactions(
            source=CsvSource(stream, name=path.name),
            actor=User.objects.get_by_natural_key("importer"),
            options=ImportOptions(create_customers=True),
        )


def _nightly() -> list[list[str]]:
    seconds, run = score()
    steps = [[f"  {step.name}", f"{step.seconds or 0:.2f}", ""] for step in run.steps.all()]
    return [["nightly run", f"{seconds:.2f}", f"{peak_memory():.0f}"], *steps]
