"""Jobs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_events_and_notices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=60, verbose_name="kind")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("browser", "in the browser"),
                            ("api", "through the API"),
                            ("admin", "in administration"),
                            ("command", "by a command"),
                            ("worker", "by a job"),
                            ("migration", "by the installation"),
                        ],
                        max_length=20,
                        verbose_name="channel",
                    ),
                ),
                ("parameters", models.JSONField(default=dict, verbose_name="parameters")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("interrupted", "Interrupted"),
                        ],
                        default="queued",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("activity", models.CharField(blank=True, max_length=40, verbose_name="activity")),
                ("progress", models.PositiveSmallIntegerField(default=0, verbose_name="progress")),
                ("rows_done", models.PositiveBigIntegerField(default=0, verbose_name="rows done")),
                (
                    "rows_refused",
                    models.PositiveBigIntegerField(default=0, verbose_name="rows refused"),
                ),
                ("result", models.JSONField(default=dict, verbose_name="result")),
                (
                    "result_file",
                    models.CharField(blank=True, max_length=100, verbose_name="stored file"),
                ),
                (
                    "result_file_name",
                    models.CharField(blank=True, max_length=200, verbose_name="file"),
                ),
                ("error", models.TextField(blank=True, verbose_name="error")),
                (
                    "reference",
                    models.CharField(blank=True, max_length=20, verbose_name="reference"),
                ),
                ("requested_at", models.DateTimeField(auto_now_add=True, verbose_name="requested")),
                ("sent_at", models.DateTimeField(verbose_name="last sent to workers")),
                ("times_sent", models.PositiveIntegerField(default=1, verbose_name="times sent")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "cancel_requested_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="cancel requested"),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "undo_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.job",
                        verbose_name="takes back",
                    ),
                ),
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["actor", "-id"], name="core_job_of_actor"),
                    models.Index(
                        condition=models.Q(("state__in", ("queued", "running"))),
                        fields=["actor"],
                        name="core_job_active",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["queued", "running", "done", "failed", "cancelled", "interrupted"],
                            )
                        ),
                        name="core_job_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("progress__lte", 100)), name="core_job_progress_percent"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True),
                                ("started_at__isnull", True),
                                ("state", "queued"),
                            ),
                            models.Q(
                                ("ended_at__isnull", True),
                                ("started_at__isnull", False),
                                ("state", "running"),
                            ),
                            models.Q(
                                models.Q(("state__in", ("queued", "running")), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="core_job_times_fit_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("result_file", ""),
                            models.Q(("result_file_name", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="core_job_file_has_name",
                    ),
                ],
            },
        ),
    ]
