"""The benchmark ``jobs``: exports of a head's customers, a bulk edit, and its undo.

This runs on a copy of the company's database, in this process: the time of a worker to take a job
is not included.
"""

from accounts.models import User
from benchmarks.measuring import BenchmarkOptions, peak_memory_mib, print_table, timer
from core.jobs.files import path_of
from core.listing.bulk_edit import LIST_EDIT, LIST_EDIT_UNDO
from core.listing.export import LIST_EXPORT, ExportFormat
from core.listing.query import ListQuery
from core.listing.row_selection import RowSelection
from core.models import Job
from core.services.job import run_job_now
from crm.listing import CUSTOMER_LIST
from crm.models import Customer
from crm.models.customer import Stage

EDITED_ROWS = 10_000


def measure(options: BenchmarkOptions) -> None:
    """Run each job once; print its seconds and rows, and the memory so far."""
    actor = User.objects.get_by_natural_key("head")
    rows = []
    for file_format in ExportFormat:
        parameters = {
            "list": CUSTOMER_LIST.name,
            "selection": RowSelection(ListQuery()).to_json(),
            "format": file_format.value,
        }
        with timer() as measured:
            job = run_job_now(kind=LIST_EXPORT, parameters=parameters, actor=actor)
        rows.append(_row(f"export to {file_format.value}", job, measured.seconds))
        if job.result_file:
            path_of(job.result_file).unlink()
    ids = Customer.objects.visible_to(actor).exclude(stage=Stage.LOST).values_list("pk", flat=True)
    parameters = {
        "list": CUSTOMER_LIST.name,
        "field": "stage",
        "value": Stage.LOST.value,
        "reason": "",
        "selection": RowSelection(ListQuery(), tuple(ids[:EDITED_ROWS])).to_json(),
    }
    with timer() as measured:
        edit = run_job_now(kind=LIST_EDIT, parameters=parameters, actor=actor)
    rows.append(_row("bulk edit", edit, measured.seconds))
    with timer() as measured:
        undo = run_job_now(
            kind=LIST_EDIT_UNDO, parameters={**parameters, "undo_of": edit.pk}, actor=actor
        )
    rows.append(_row("its undo", undo, measured.seconds))
    print(f"{options.customers:,} customers\n")
    print_table(["job", "state", "rows", "seconds", "rows a second", "peak MiB so far"], rows)


def _row(label: str, job: Job, seconds: float) -> list[str]:
    rate = f"{job.rows_done / seconds:,.0f}"
    memory = f"{peak_memory_mib():.0f}"
    return [label, job.state, f"{job.rows_done:,}", f"{seconds:.1f}", rate, memory]
