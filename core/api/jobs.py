"""REST: the jobs that the user may see, their files, and cancelling them."""

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from core.api.attachments import ContentRenderer
from core.api.listing import ListResource
from core.api.permissions import SignedIn
from core.api.resources import requesting_user, require_user
from core.files.kinds import OCTET_STREAM
from core.job_list import JOB_LIST
from core.jobs.responses import job_file_response
from core.models import Job
from core.models.job import JobState
from core.services.job import request_cancel


class JobSerializer(serializers.Serializer[Job]):
    """A job."""

    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="Such as `list.export`. Stable, for programs.")
    state = serializers.ChoiceField(choices=JobState.choices)
    activity = serializers.CharField(
        help_text="What it is doing, or was doing last. Stable, for programs; blank at first."
    )
    progress = serializers.IntegerField(help_text="Per cent.")
    rows_done = serializers.IntegerField()
    rows_refused = serializers.IntegerField()
    requested_by = serializers.CharField(
        source="actor.employee_number", help_text="Employee number of the user who requested it."
    )
    channel = serializers.CharField()
    requested_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    cancel_requested_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(
        help_text="Why it failed, in the language of the user who requested it; blank if unknown."
    )
    reference = serializers.CharField(help_text="Of an unknown failure, as in the log.")
    file = serializers.SerializerMethodField(
        help_text="Address of the file that it has made; null if there is none, or if another user"
        " requested the job."
    )

    def get_file(self, job: Job) -> str | None:
        """Return the address of the file for the user who requested the job."""
        request = self.context["request"]
        if not job.result_file or job.actor_id != request.user.pk:
            return None
        return reverse("api-job-file", args=[job.pk], request=request)


class JobResource(GenericAPIView[Job]):
    """The base of the views of jobs."""

    permission_classes = [SignedIn]
    serializer_class = JobSerializer

    def get_queryset(self) -> QuerySet[Job]:
        """Return the visible jobs with those who requested them."""
        return Job.objects.visible_to(requesting_user(self)).select_related("actor")

    def job_response(self, job_id: int) -> Response:
        """Return the response for one job; raise Job.DoesNotExist for one that is hidden."""
        return Response(self.get_serializer(self.get_queryset().get(pk=job_id)).data)


@extend_schema_view(
    get=extend_schema(operation_id="jobs_list", summary="List the jobs you see, newest first")
)
class JobList(JobResource, ListResource):
    """The jobs of the user, or of the users of their part of the company."""

    list_declaration = JOB_LIST


class JobDetail(JobResource):
    """One job."""

    @extend_schema(operation_id="jobs_read", summary="Read a job")
    def get(self, request: Request, pk: int) -> Response:
        """Return the job."""
        return self.job_response(pk)


class JobFile(JobResource):
    """The file that a job has made, for the user who requested the job."""

    def get_renderers(self) -> list[Any]:
        """Accept clients that ask for the content only."""
        return [*super().get_renderers(), ContentRenderer()]

    @extend_schema(
        operation_id="jobs_file",
        summary="Read the file that your job has made",
        responses={(200, OCTET_STREAM): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int) -> FileResponse:
        """Send the file; 404 for a job of another user, and for a file that has been deleted."""
        return job_file_response(pk, require_user(request))


class JobCancel(JobResource):
    """Cancelling a job."""

    @extend_schema(
        operation_id="jobs_cancel",
        summary="Cancel a job",
        description="A queued job ends at once, a running one soon, and an ended one is left.",
        request=None,
        responses=JobSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Cancel the job and return it; 403 for one of another user without the permission."""
        request_cancel(job_id=pk, actor=require_user(request))
        return self.job_response(pk)
