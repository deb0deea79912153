"""The notices of scoring runs, and the consumer that sends them."""

from datetime import date

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.acting import user_ids_with
from accounts.models import User
from accounts.permissions import Permission
from core.events.consumers import Consumer
from core.models.event import EventQuerySet
from core.notices.declarations import NoticeDetails, NoticeKind
from core.services.notice import NewNotice, send_notices
from segmentation.events import RUN_FAILED, RUN_PUBLISHED
from segmentation.models import ScoringRun


def _visible_runs(user: User) -> QuerySet[ScoringRun]:
    return ScoringRun.objects.all() if user.may(Permission.RUN_VIEW) else ScoringRun.objects.none()


def _as_of(details: NoticeDetails) -> str:
    return date_format(date.fromisoformat(details.values["as_of"]), "Y-m-d")


def _published_text(details: NoticeDetails) -> str:
    text = _("Scoring as of %(day)s has finished: %(customers)s customers, %(high)s at high risk.")
    customers, high = details.values["customers"], details.values["flagged_high"]
    return text % {"day": _as_of(details), "customers": f"{customers:,}", "high": f"{high:,}"}


def _failed_text(details: NoticeDetails) -> str:
    reference = details.values["reference"]
    if not reference:  # the workers were lost again and again, or the job says what to mend
        return _("Scoring as of %(day)s did not finish.") % {"day": _as_of(details)}
    text = _("Scoring as of %(day)s failed, reference %(reference)s.")
    return text % {"day": _as_of(details), "reference": reference}


def _url(details: NoticeDetails) -> str:
    return "" if details.record is None else reverse("run", args=[details.record.pk])


RUN_DONE = NoticeKind("run.published", "moon-stars", _published_text, _url, _visible_runs)
RUN_BROKEN = NoticeKind("run.failed", "alert-triangle", _failed_text, _url, _visible_runs)


def send_run_notices(events: EventQuerySet) -> None:
    """Tell who requested a run that it has finished, and those who can start one that it failed.

    The nightly run is requested by a service account, which gets no notice of its success.
    """
    published: list[NewNotice] = []
    failed: list[NewNotice] = []
    for event in events.select_related("context"):
        recipients = set() if event.actor_id is None else {event.actor_id}
        notices = published
        if event.type == RUN_FAILED.name:
            recipients |= set(user_ids_with(Permission.RUN_START))
            notices = failed
        notices += [
            NewNotice(recipient, str(event.object_id), event.data, event.object_id)
            for recipient in sorted(recipients)
        ]
    send_notices(RUN_DONE, published)
    send_notices(RUN_BROKEN, failed)


RUN_CONSUMER = Consumer(
    name="segmentation.runs", types=(RUN_PUBLISHED, RUN_FAILED), handle=send_run_notices
)
