"""What an app declares of a kind of job, and what its function gets and returns."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils.functional import Promise

from accounts.models import User
from accounts.permissions import Permission
from core.models import Job
from core.models.job import JobState


class JobCancelledError(Exception):
    """The job's actor has asked to cancel it. Raised by ``RunningJob.report_progress``."""


@dataclass(frozen=True)
class JobResult:
    """What a job has done: rows, a result for its page as JSON, and a file.

    ``file`` is a name that ``core.jobs.files.new_file`` gave; users get it as ``file_name``.
    """

    rows_done: int = 0
    rows_refused: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    file_name: str = ""


class RunningJob(Protocol):
    """A job while its kind's function runs."""

    @property
    def pk(self) -> int:
        """The job's id."""

    @property
    def actor(self) -> User:
        """The user who asked for the job. Services must be called as this user."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The job's parameters."""

    def report_progress(self, activity: str, *, done: int = 0, total: int | None = None) -> None:
        """Show what the job is doing, and ``done`` of ``total`` rows or bytes.

        ``activity`` is a key of the kind's ``activities``. Raises JobCancelledError if the actor
        has asked to cancel the job; let it leave the function. Call it as often as you like: it
        writes at most once a second. Other sessions see the progress at once, also inside of a
        transaction.
        """

    def complete(self, result: JobResult) -> None:
        """Mark the job done, in the current transaction if there is one.

        A function whose work must not be done twice calls this in the transaction of its work, so
        that both are committed or neither. Without it, the job is marked done by the returned
        result. No ``report_progress`` may follow in the same transaction.
        """


@dataclass(frozen=True)
class JobKind:
    """A kind of job.

    ``run`` does the work. It may run again after a worker was killed, so doing the work twice must
    have the same result as doing it once (see ``RunningJob.complete``); with ``is_restarted``
    False the job of a lost worker is marked interrupted instead. ``permission`` is checked when the
    job is requested and when it starts. ``activities`` are the labels of what ``run`` reports.
    ``result_template`` shows the result of a finished job on its page; it gets ``job``.
    ``url_name`` is that of the page that requests such jobs; the template gets its address as
    ``request_url``. ``on_stopped`` is called, in the same transaction, when a job ends in another
    state than done. ``count_changed`` is given for kinds whose jobs are not rolled back
    when they stop: it returns how many rows a stopped job has changed.
    ``undone_by`` is the name of the kind that takes back what jobs of this kind have changed; its
    jobs have the parameters of the job, and its id as ``undo_of``.
    ``notice_states`` are the states of which the actor gets a notice, when a job ends in one
    (``core.job_notices``). Leave out those of which the work sends a notice of its own.
    """

    name: str
    label: str | Promise
    run: Callable[[RunningJob], JobResult]
    permission: Permission | None = None
    activities: Mapping[str, str | Promise] = field(default_factory=dict)
    result_template: str = ""
    url_name: str = ""
    is_restarted: bool = True
    on_stopped: Callable[[Job], None] | None = None
    count_changed: Callable[[Job], int] | None = None
    undone_by: str = ""
    notice_states: Collection[JobState] = (JobState.DONE, JobState.FAILED, JobState.INTERRUPTED)
