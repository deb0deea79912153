"""Jobs: work that a worker does in the background, such as an export or an import.

Only ``core.services.job`` and ``core.services.job_execution`` create and change them.
"""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.acting import Channel
from accounts.models import User
from accounts.permissions import DataAccessLevel
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser, unknown_access_level


class JobState(models.TextChoices):
    """The state of a job. See ``core.services.job_execution`` for how it changes."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    INTERRUPTED = "interrupted", _("Interrupted")


ACTIVE_JOB_STATES = (JobState.QUEUED, JobState.RUNNING)  # in the other states, the job has ended


class Job(ScopedModel):
    """One piece of work, asked for by ``actor``. ``kind`` is the name of a ``JobKind``.

    ``parameters`` are what the kind's function needs, as JSON. ``activity`` is the code of what the
    job is doing (``JobKind.activities``), ``progress`` is in percent. ``result`` is what the kind
    shows of the finished job, as JSON. ``result_file`` is the stored name of a file, which users
    get as ``result_file_name``. ``error`` is one line in the actor's language; ``reference`` names
    the traceback in the log, and is blank for errors that users can mend. ``undo_of`` is the job
    whose changes this one takes back. ``times_sent`` counts the messages to workers, ``attempts``
    how often a worker began.
    """

    id = models.AutoField(primary_key=True)  # 32 bits, as the advisory lock of a job takes
    kind = models.CharField(_("kind"), max_length=60)
    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    parameters: models.JSONField[Any, Any] = models.JSONField(_("parameters"), default=dict)
    undo_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("takes back"),
    )
    state = models.CharField(
        _("state"), max_length=20, choices=JobState.choices, default=JobState.QUEUED
    )
    activity = models.CharField(_("activity"), max_length=40, blank=True)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    rows_done = models.PositiveBigIntegerField(_("rows done"), default=0)
    rows_refused = models.PositiveBigIntegerField(_("rows refused"), default=0)
    result: models.JSONField[Any, Any] = models.JSONField(_("result"), default=dict)
    result_file = models.CharField(_("stored file"), max_length=100, blank=True)
    result_file_name = models.CharField(_("file"), max_length=200, blank=True)
    error = models.TextField(_("error"), blank=True)
    reference = models.CharField(_("reference"), max_length=20, blank=True)
    requested_at = models.DateTimeField(_("requested"), auto_now_add=True)
    sent_at = models.DateTimeField(_("last sent to workers"))
    times_sent = models.PositiveIntegerField(_("times sent"), default=1)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    cancel_requested_at = models.DateTimeField(_("cancel requested"), null=True, blank=True)

    objects = ScopedQuerySet["Job"].as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["actor", "-id"], name="core_job_of_actor"),
            models.Index(
                fields=["actor"], name="core_job_active", condition=Q(state__in=ACTIVE_JOB_STATES)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="core_job_state_known", condition=Q(state__in=JobState.values)
            ),
            models.CheckConstraint(
                name="core_job_progress_percent", condition=Q(progress__lte=100)
            ),
            models.CheckConstraint(
                name="core_job_times_fit_state",
                condition=(
                    Q(state=JobState.QUEUED, started_at__isnull=True, ended_at__isnull=True)
                    | Q(state=JobState.RUNNING, started_at__isnull=False, ended_at__isnull=True)
                    | (~Q(state__in=ACTIVE_JOB_STATES) & Q(ended_at__isnull=False))
                ),
            ),
            models.CheckConstraint(
                name="core_job_file_has_name",
                condition=Q(result_file="") | ~Q(result_file_name=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Return the filter for all jobs, those of users of the subtree, or the user's own.

        The access level ``unit`` gives only the user's own, like ``own``.
        """
        if user.access_level == DataAccessLevel.ALL:
            return Q()
        if user.access_level == DataAccessLevel.SUBTREE:
            return Q(actor__unit__path__descendants=user.unit_path)
        if user.access_level in {DataAccessLevel.UNIT, DataAccessLevel.OWN}:
            return Q(actor=user.pk)
        raise unknown_access_level(user)

    @property
    def is_active(self) -> bool:
        """Whether the job is queued or running."""
        return self.state in ACTIVE_JOB_STATES
