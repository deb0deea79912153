"""The response with the file that a job has made."""

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from core.files.kinds import OCTET_STREAM
from core.jobs.files import path_of
from core.models import Job


def job_file_response(job_id: int, user: User) -> FileResponse:
    """Return the response that sends the file of a job that the user has requested.

    Raises Http404 for a job of another user, and for a file that has been deleted.
    """
    jobs = Job.objects.visible_to(user).filter(actor=user).exclude(result_file="")
    job = get_object_or_404(jobs, pk=job_id)
    try:
        file = path_of(job.result_file).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(
        file, as_attachment=True, filename=job.result_file_name, content_type=OCTET_STREAM
    )
