"""Factories of jobs."""

from django.utils import timezone

from accounts.models import User
from core.models import Job
from core.models.job import JobState


def make_job(actor: User, **values: object) -> Job:
    """Make a job that a worker has, or an ended one with ``state``."""
    now = timezone.now()
    is_active = "state" not in values
    times = {"started_at": now} if is_active else {"started_at": now, "ended_at": now}
    options: dict[str, object] = {"state": JobState.RUNNING, "progress": 40} | times | values
    return Job.objects.create(
        actor=actor, channel="browser", sent_at=now, **{"kind": "list.export"} | options
    )
