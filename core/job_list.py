"""The list of jobs, for its page and the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.fields.kinds import Choice
from core.jobs.registry import job_kind_label, job_kinds
from core.listing.comparisons import Column, choice_comparisons, time_comparisons
from core.listing.declarations import ListColumn, ListDeclaration, Sort, fixed_columns
from core.listing.filters import ListFilter, option_group
from core.models import Job
from core.models.job import JobState


def _kinds() -> list[tuple[str, str]]:
    return [(kind.name, str(kind.label)) for kind in job_kinds().values()]


def _visible_jobs(user: User) -> QuerySet[Any]:
    return Job.objects.visible_to(user)


COLUMNS = (
    ListColumn(
        key="kind",
        label=_("Job"),
        text_of=lambda job, _user: job_kind_label(job.kind),
        template="core/jobs/name_cell.html",
        css_class="name",
    ),
    ListColumn(
        key="state",
        label=_("State"),
        text_of=lambda job, _user: str(JobState(job.state).label),
        template="core/jobs/state_cell.html",
    ),
    ListColumn(
        key="rows_done",
        label=_("Rows done"),
        text_of=lambda job, _user: number_format(job.rows_done),
        is_numeric=True,
        css_class="num",
        value_of=lambda job, _user: job.rows_done,
    ),
    ListColumn(
        key="rows_refused",
        label=_("Rows refused"),
        text_of=lambda job, _user: number_format(job.rows_refused),
        is_numeric=True,
        css_class="num phone-skip",
        value_of=lambda job, _user: job.rows_refused,
    ),
    ListColumn("actor", _("Requested by"), lambda job, _user: job.actor.name),
    ListColumn(
        key="requested_at",
        label=_("Requested"),
        text_of=lambda job, _user: date_format(localtime(job.requested_at), "Y-m-d H:i"),
        template="core/jobs/requested_at_cell.html",
        value_of=lambda job, _user: job.requested_at,
    ),
)
FILTERS = (
    ListFilter(
        key="kind",
        label=_("Kind"),
        comparisons=choice_comparisons(Column("kind", Choice(_kinds)), may_be_empty=False),
        option_groups=lambda _user: [option_group(_kinds())],
    ),
    ListFilter(
        key="state",
        label=_("State"),
        comparisons=choice_comparisons(
            Column("state", Choice(lambda: JobState.choices)), may_be_empty=False
        ),
        option_groups=lambda _user: [option_group(JobState.choices)],
    ),
    ListFilter("requested_at", _("Requested"), time_comparisons("requested_at")),
)
JOB_LIST = ListDeclaration(
    name="jobs",
    url_name="jobs",
    title=_("Jobs"),
    permission=None,
    rows=_visible_jobs,
    columns=fixed_columns(*COLUMNS),
    filters=lambda _fields: FILTERS,
    sorts={"id": Sort()},
    default_sort="-id",
    related=("actor",),
)
