"""The benchmark ``file``: import transactions with their customers, then score them.

The database is empty at the start. The file is CSV with the columns of docs/importing.md.
"""

from pathlib import Path

from accounts.models import User
from benchmarks.measuring import BenchmarkOptions, peak_memory_mib, print_table, timer
from benchmarks.scoring import run_scoring
from common.files import CsvSource
from crm.models import Customer
from crm.services.importing import ImportOptions, ImportResult, import_transactions


def measure(options: BenchmarkOptions) -> None:
    """Import the file twice and run the scoring; print the seconds and the memory.

    The second import shows how long it takes to find that nothing has changed.
    """
    if options.file is None:
        raise ValueError("options.file is missing")
    rows = []
    for label in ("import", "same file again"):
        with timer() as measured:
            result = _import(options.file)
        rows.append([label, f"{measured.seconds:.2f}", f"{peak_memory_mib():.0f}"])
        print(f"{label}: {result.rows_created:,} new, {result.rows_unchanged:,} unchanged")
    print(f"{Customer.objects.count():,} customers\n")
    rows += _nightly_rows()
    print_table(["step", "seconds", "peak MiB so far"], rows)


def _import(path: Path) -> ImportResult:
    with path.open("rb") as stream:
        return import_transactions(
            source=CsvSource(stream, name=path.name),
            actor=User.objects.get_by_natural_key("importer"),
            options=ImportOptions(create_customers=True),
        )


def _nightly_rows() -> list[list[str]]:
    """Run the scoring; return a row of the table for the run and one for each of its steps."""
    seconds, run = run_scoring()
    steps = [[f"  {step.name}", f"{step.seconds or 0:.2f}", ""] for step in run.steps.all()]
    return [["nightly run", f"{seconds:.2f}", f"{peak_memory_mib():.0f}"], *steps]
