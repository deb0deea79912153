"""Kinds of jobs of this app: imports of files that users upload.

The parameters of an import are ``file`` (its stored name), ``file_name`` (the user's name of it),
``dry_run``, and the options of ``ImportOptions``.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from common.files import open_source
from core.jobs.declarations import JobKind, JobResult, RunningJob
from core.jobs.files import delete_file, new_file, path_of
from core.models.job import JobState
from crm.services.importing import (
    ImportOptions,
    ImportProgress,
    ImportResult,
    ImportStep,
    import_customers,
    import_interactions,
    import_transactions,
)

SHOWN_REJECTS = 20  # on the page of the job; all are in its file
# How far an import is when a step begins, and when it ends: percent of the whole.
STEP_PERCENT = {
    ImportStep.READ: (0, 60),
    ImportStep.CHECK: (60, 60),
    ImportStep.WRITE: (80, 80),
    ImportStep.VACUUM: (95, 95),
}

ImportFile = Callable[..., ImportResult]


def _run_with(import_file: ImportFile) -> Callable[[RunningJob], JobResult]:
    """Return the function of a job that imports its file by a service."""

    def run(job: RunningJob) -> JobResult:
        parameters = job.parameters
        rejects_name, rejects_path = new_file("csv")
        options = ImportOptions(
            dry_run=parameters["dry_run"],
            rejects_path=rejects_path,
            # In the transaction of the import: the job is done if and only if the rows are stored.
            on_stored=lambda result: job.complete(_job_result(job, result, rejects_name)),
        )
        for name in ("unit", "system", "create_customers"):
            if name in parameters:
                options = replace(options, **{name: parameters[name]})
        source_path = path_of(parameters["file"])
        with open_source(source_path, name=parameters["file_name"]) as source:
            result = import_file(
                source=source,
                actor=job.actor,
                options=options,
                report_progress=lambda progress: _report(job, progress),
            )
        if not result.rows_rejected:
            delete_file(rejects_name)
        return _job_result(job, result, rejects_name)

    return run


def _report(job: RunningJob, progress: ImportProgress) -> None:
    start, end = STEP_PERCENT[progress.step]
    share = progress.bytes_read / progress.size if progress.size else 0
    done = round(start + (end - start) * min(1, share))
    job.report_progress(progress.step.value, done=done, total=100)


def _job_result(job: RunningJob, result: ImportResult, rejects_name: str) -> JobResult:
    has_rejects = result.rows_rejected > 0
    counts: dict[str, Any] = {
        "dry_run": result.dry_run,
        "is_empty": result.is_empty,
        "file_name": job.parameters["file_name"],
        "rows_read": result.rows_read,
        "rows_created": result.rows_created,
        "rows_changed": result.rows_changed,
        "rows_unchanged": result.rows_unchanged,
        "rows_rejected": result.rows_rejected,
        "customers_created": result.customers_created,
        "ignored_headers": result.ignored_headers,
        "rejects": [
            {
                "line": reject.line,
                "column": reject.column,
                "value": reject.value,
                "reason": reject.reason,
            }
            for reject in result.first_rejects[:SHOWN_REJECTS]
        ],
    }
    stem = job.parameters["file_name"].rpartition(".")[0] or job.parameters["file_name"]
    return JobResult(
        rows_done=result.rows_read - result.rows_rejected,
        rows_refused=result.rows_rejected,
        result=counts,
        file=rejects_name if has_rejects else "",
        file_name=f"{stem[:180]}.rejects.csv" if has_rejects else "",
    )


def _import_kind(
    noun: str, label: str | Promise, permission: Permission, import_file: ImportFile
) -> JobKind:
    return JobKind(
        name=f"import.{noun}",
        label=label,
        run=_run_with(import_file),
        permission=permission,
        activities=dict(ImportStep.choices),
        result_template="crm/import_result.html",
        url_name=f"import_{noun}",
        notice_states=(JobState.FAILED, JobState.INTERRUPTED),  # crm.notices tells what was stored
    )


CUSTOMER_IMPORT = _import_kind(
    "customers", _("Import of customers"), Permission.CUSTOMER_IMPORT, import_customers
)
INTERACTION_IMPORT = _import_kind(
    "interactions",
    _("Import of interactions"),
    Permission.INTERACTION_IMPORT,
    import_interactions,
)
TRANSACTION_IMPORT = _import_kind(
    "transactions",
    _("Import of transactions"),
    Permission.TRANSACTION_IMPORT,
    import_transactions,
)
