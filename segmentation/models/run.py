"""Scoring runs: their settings, steps and result.

Only ``segmentation.services`` creates and changes them. Runs hold no customer data, so a user who
may see runs sees all of them. The models are therefore not scoped (UNSCOPED_MODELS in
tests/architecture/checks/exceptions.py).
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.acting import Channel
from accounts.models import User
from core.models import Job


class RunState(models.TextChoices):
    """The state of a run. See ``segmentation.services.run`` for how it changes."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    PUBLISHED = "published", _("Published")
    SUPERSEDED = "superseded", _("Superseded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    INTERRUPTED = "interrupted", _("Interrupted")


ACTIVE_STATES = (RunState.QUEUED, RunState.RUNNING)  # in the other states, the run has ended
ONE_ACTIVE_RUN = "segmentation_run_one_active"  # the constraint that request_run reports


class StepName(models.TextChoices):
    """The steps of a run, in their order. ``STEPS`` of ``services.steps`` has their functions."""

    AGGREGATE = "aggregate", _("Add up transactions")
    SCORE = "score", _("Score, segment, flag")
    INDEX = "index", _("Build indexes")
    TOTALS = "totals", _("Add up by unit")
    PUBLISH = "publish", _("Publish")


class ScoringRun(models.Model):
    """One scoring of all customers, from their transactions before ``as_of``.

    ``settings`` has the values of ScoringSettings by name, as in ``{"window_days": 365, …}``.
    ``job`` executes it and has the reference of a failure. ``progress`` is in percent. The counts
    are 0 until the run is published. ``previous`` is the published run of the latest day before,
    with whose flags those of this run are compared.
    """

    id = models.AutoField(primary_key=True)
    job = models.OneToOneField(
        Job, on_delete=models.PROTECT, related_name="+", verbose_name=_("job")
    )
    as_of = models.DateField(_("as of"))
    settings = models.JSONField(_("settings used"))
    previous = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("previous run"),
    )
    state = models.CharField(
        _("state"), max_length=20, choices=RunState.choices, default=RunState.QUEUED
    )
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    requested_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("requested by"),
    )
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    requested_at = models.DateTimeField(_("requested"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    customers = models.PositiveIntegerField(_("customers"), default=0)
    flagged_watch = models.PositiveIntegerField(_("flagged: watch"), default=0)
    flagged_high = models.PositiveIntegerField(_("flagged: high"), default=0)

    class Meta:
        verbose_name = _("scoring run")
        verbose_name_plural = _("scoring runs")
        ordering = ["-pk"]
        constraints = [
            # All active runs have the same index value, so there can be only one.
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(state__in=ACTIVE_STATES),
                name=ONE_ACTIVE_RUN,
            ),
            models.UniqueConstraint(
                fields=["as_of"],
                condition=Q(state=RunState.PUBLISHED),
                name="segmentation_run_one_published_a_day",
            ),
            models.CheckConstraint(
                name="segmentation_run_state_known", condition=Q(state__in=RunState.values)
            ),
            models.CheckConstraint(
                name="segmentation_run_progress_percent", condition=Q(progress__lte=100)
            ),
            models.CheckConstraint(
                name="segmentation_run_times_fit_state",
                condition=(
                    Q(state=RunState.QUEUED, started_at__isnull=True, finished_at__isnull=True)
                    | Q(state=RunState.RUNNING, started_at__isnull=False, finished_at__isnull=True)
                    | (~Q(state__in=ACTIVE_STATES) & Q(finished_at__isnull=False))
                ),
            ),
            models.CheckConstraint(
                name="segmentation_run_flagged_are_customers",
                condition=Q(customers__gte=models.F("flagged_watch") + models.F("flagged_high")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.as_of})"

    @property
    def reference(self) -> str:
        """The reference of a failure in the log; blank for any other run."""
        return self.job.reference

    @property
    def is_active(self) -> bool:
        """Whether the run is queued or running."""
        return self.state in ACTIVE_STATES

    @property
    def has_result(self) -> bool:
        """Whether the run was published, even if it is superseded now: its counts are final."""
        return self.state in {RunState.PUBLISHED, RunState.SUPERSEDED}

    @property
    def seconds(self) -> float | None:
        """The duration in seconds; None for a run that has not ended, or that never started."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class ScoringStep(models.Model):
    """One step of a run: when it ran, and how many rows it made or checked.

    ``position`` is from 1. A step without ``finished_at`` is running or, if its run has ended, did
    not succeed. The row is created when the step begins.
    """

    run = models.ForeignKey(
        ScoringRun, on_delete=models.CASCADE, related_name="steps", verbose_name=_("scoring run")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    name = models.CharField(_("step"), max_length=20, choices=StepName.choices)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    rows = models.PositiveBigIntegerField(_("rows"), null=True, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="segmentation_step_once"),
            models.CheckConstraint(
                name="segmentation_step_name_known", condition=Q(name__in=StepName.values)
            ),
            models.CheckConstraint(
                name="segmentation_step_rows_when_finished",
                condition=Q(finished_at__isnull=True) | Q(rows__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.get_name_display()

    @property
    def seconds(self) -> float | None:
        """The duration in seconds; None while the step runs, or when it did not succeed."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()
