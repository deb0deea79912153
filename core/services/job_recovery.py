"""Sending jobs again that the message queue or a worker has lost, and deleting old files."""

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from core.jobs.files import delete_file, stored_files
from core.models import Job
from core.models.job import JobState
from core.services.job import send_job
from core.services.job_lock import locked_job_ids

# A queued job is sent again after a minute, then after two, four, … minutes: it may wait behind
# others, and the same message many times would fill the queue.
FIRST_WAIT = timedelta(minutes=1)
MAX_WAIT = timedelta(hours=1)
RUNNING_WAIT = timedelta(seconds=20)  # for a worker that is about to take the lock, or to end
KEEP_FILES = timedelta(days=7)


def resend_lost_jobs() -> list[int]:
    """Send the jobs again that no worker has; return their ids.

    Beat calls this twice a minute. Sending a job that a worker is about to take does no harm.
    """
    now = timezone.now()
    locked = locked_job_ids()
    lost = [
        job.pk
        for job in Job.objects.filter(state__in=(JobState.QUEUED, JobState.RUNNING))
        if job.pk not in locked and job.sent_at + _wait(job) <= now
    ]
    Job.objects.filter(pk__in=lost).update(sent_at=now, times_sent=F("times_sent") + 1)
    for job_id in lost:
        send_job(job_id)
    return lost


def _wait(job: Job) -> timedelta:
    """Return how long after the last message a job counts as lost."""
    if job.state == JobState.RUNNING:
        return RUNNING_WAIT
    doublings = min(job.times_sent - 1, 10)
    return min(MAX_WAIT, FIRST_WAIT * (1 << doublings))


def delete_old_job_files() -> int:
    """Delete the files of jobs that ended more than KEEP_FILES ago; return their number.

    Their rows stay. A file that no active job and no recent job has is deleted too.
    """
    now = timezone.now()
    limit = now - KEEP_FILES
    Job.objects.filter(ended_at__lt=limit).exclude(result_file="").update(
        result_file="", result_file_name=""
    )
    recent_jobs = Job.objects.exclude(ended_at__lt=limit)
    used_names = {
        name
        for names in recent_jobs.values_list("result_file", "parameters__file")
        for name in names
    }
    count = 0
    for path in stored_files():
        is_old = datetime.fromtimestamp(path.stat().st_mtime, tz=now.tzinfo) < limit
        if path.name not in used_names and is_old:
            delete_file(path.name)
            count += 1
    return count
