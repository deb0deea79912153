"""The notices of jobs, and the consumer that sends them."""

from django.urls import reverse
from django.utils.translation import gettext as _

from core.events.consumers import Consumer
from core.events.jobs import JOB_ENDED
from core.jobs.registry import job_kind_label, job_kinds
from core.models import Event
from core.models.event import EventQuerySet
from core.models.job import JobState
from core.notices.declarations import NoticeDetails, NoticeKind
from core.services.notice import NewNotice, send_notices

SECONDS_WITHOUT_NOTICE = 10  # a user who requested a job that is done by then has seen its page
SHOWN_VALUES = ("kind", "state", "rows_done", "rows_refused", "reference")


def _done_text(details: NoticeDetails) -> str:
    values = details.values
    return _("%(job)s has finished: %(done)s rows done, %(refused)s refused.") % {
        "job": job_kind_label(values["kind"]),
        "done": f"{values['rows_done']:,}",
        "refused": f"{values['rows_refused']:,}",
    }


def _stopped_text(details: NoticeDetails) -> str:
    values = {"job": job_kind_label(details.values["kind"])}
    if details.values["state"] == JobState.INTERRUPTED:
        return _("%(job)s was interrupted.") % values
    reference = details.values["reference"]
    if reference:
        return _("%(job)s failed, reference %(reference)s.") % {**values, "reference": reference}
    return _("%(job)s failed.") % values


def _url(details: NoticeDetails) -> str:
    return reverse("job", args=[details.values["job"]])


JOB_DONE = NoticeKind("job.done", "circle-check", _done_text, _url)
JOB_STOPPED = NoticeKind("job.stopped", "alert-triangle", _stopped_text, _url)


def send_job_notices(events: EventQuerySet) -> None:
    """Tell users how the jobs that they requested have ended, unless they saw it at once."""
    done: list[NewNotice] = []
    stopped: list[NewNotice] = []
    for event in events:
        if _has_notice(event):
            notices = done if event.data["state"] == JobState.DONE else stopped
            notices.append(
                NewNotice(
                    recipient_id=event.data["actor"],
                    key=str(event.object_id),
                    values={
                        "job": event.object_id,
                        **{name: event.data[name] for name in SHOWN_VALUES},
                    },
                    object_id=event.object_id,
                )
            )
    send_notices(JOB_DONE, done)
    send_notices(JOB_STOPPED, stopped)


def _has_notice(event: Event) -> bool:
    kind = job_kinds().get(event.data["kind"])
    state = event.data["state"]
    if kind is None or state not in kind.notice_states:
        return False
    return state == JobState.FAILED or float(event.data["seconds"]) > SECONDS_WITHOUT_NOTICE


JOB_CONSUMER = Consumer(name="core.jobs", types=(JOB_ENDED,), handle=send_job_notices)
