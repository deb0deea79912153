"""Runs and their steps, and the scores: a table with one partition for each published run.

Only the score table's own statement is written by hand, for Django knows no partitions; its indexes
and checks below are Django's, and PostgreSQL passes them on to every partition.
"""

import common.money
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


SCORE_TABLE = """
CREATE TABLE segmentation_score (
    customer_id bigint NOT NULL,
    monetary bigint NOT NULL,
    spend_last_quarter bigint NOT NULL,
    spend_previous_quarter bigint NOT NULL,
    usual_gap_days double precision,
    silence_ratio double precision,
    run_id integer NOT NULL,
    first_on date NOT NULL,
    last_on date NOT NULL,
    recency_days integer NOT NULL,
    frequency integer NOT NULL,
    purchase_days integer NOT NULL,
    r smallint NOT NULL,
    f smallint NOT NULL,
    m smallint NOT NULL,
    churn_level smallint NOT NULL,
    previous_churn_level smallint NOT NULL,
    segment_cn text NOT NULL,
    segment_intl text NOT NULL,
    churn_reasons text[] NOT NULL,
    CONSTRAINT segmentation_score_pkey PRIMARY KEY (customer_id, run_id),
    CONSTRAINT segmentation_score_customer FOREIGN KEY (customer_id)
        REFERENCES crm_customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT segmentation_score_run FOREIGN KEY (run_id)
        REFERENCES segmentation_scoringrun (id) DEFERRABLE INITIALLY DEFERRED
) PARTITION BY LIST (run_id)
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0005_jobs"),
        ("crm", "0002_reference_data"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ScoringRun",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("as_of", models.DateField(verbose_name="as of")),
                ("settings", models.JSONField(verbose_name="settings used")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("published", "Published"),
                            ("superseded", "Superseded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("interrupted", "Interrupted"),
                        ],
                        default="queued",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("progress", models.PositiveSmallIntegerField(default=0, verbose_name="progress")),
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
                ("requested_at", models.DateTimeField(auto_now_add=True, verbose_name="requested")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                ("customers", models.PositiveIntegerField(default=0, verbose_name="customers")),
                (
                    "flagged_watch",
                    models.PositiveIntegerField(default=0, verbose_name="flagged: watch"),
                ),
                (
                    "flagged_high",
                    models.PositiveIntegerField(default=0, verbose_name="flagged: high"),
                ),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.job",
                        verbose_name="job",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segmentation.scoringrun",
                        verbose_name="previous run",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
            ],
            options={
                "verbose_name": "scoring run",
                "verbose_name_plural": "scoring runs",
                "ordering": ["-pk"],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SCORE_TABLE, "DROP TABLE segmentation_score")],
            state_operations=[
                migrations.CreateModel(
                    name="CustomerScore",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "customer_id",
                                "run_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("monetary", common.money.MinorUnitsField(verbose_name="monetary value")),
                        (
                            "spend_last_quarter",
                            common.money.MinorUnitsField(
                                verbose_name="revenue of the latest days compared"
                            ),
                        ),
                        (
                            "spend_previous_quarter",
                            common.money.MinorUnitsField(
                                verbose_name="revenue of as many days before"
                            ),
                        ),
                        (
                            "usual_gap_days",
                            models.FloatField(null=True, verbose_name="usual gap in days"),
                        ),
                        (
                            "silence_ratio",
                            models.FloatField(null=True, verbose_name="silence in usual gaps"),
                        ),
                        ("first_on", models.DateField(verbose_name="first purchase")),
                        ("last_on", models.DateField(verbose_name="last purchase")),
                        (
                            "recency_days",
                            models.IntegerField(verbose_name="days since the last purchase"),
                        ),
                        ("frequency", models.IntegerField(verbose_name="purchases")),
                        ("purchase_days", models.IntegerField(verbose_name="days with purchases")),
                        ("r", models.SmallIntegerField(verbose_name="R")),
                        ("f", models.SmallIntegerField(verbose_name="F")),
                        ("m", models.SmallIntegerField(verbose_name="M")),
                        (
                            "churn_level",
                            models.SmallIntegerField(
                                choices=[(0, "No flag"), (1, "Watch"), (2, "High risk")],
                                verbose_name="churn flag",
                            ),
                        ),
                        (
                            "previous_churn_level",
                            models.SmallIntegerField(
                                choices=[(0, "No flag"), (1, "Watch"), (2, "High risk")],
                                verbose_name="churn flag of the run before",
                            ),
                        ),
                        (
                            "segment_cn",
                            models.TextField(
                                choices=[
                                    ("important_value", "Important, value"),
                                    ("important_develop", "Important, develop"),
                                    ("important_keep", "Important, keep"),
                                    ("important_winback", "Important, win back"),
                                    ("general_value", "General, value"),
                                    ("general_develop", "General, develop"),
                                    ("general_keep", "General, keep"),
                                    ("general_winback", "General, win back"),
                                ],
                                verbose_name="segment",
                            ),
                        ),
                        (
                            "segment_intl",
                            models.TextField(
                                choices=[
                                    ("champions", "Champions"),
                                    ("loyal", "Loyal customers"),
                                    ("potential_loyalist", "Potential loyalists"),
                                    ("new", "New customers"),
                                    ("promising", "Promising"),
                                    ("need_attention", "Need attention"),
                                    ("about_to_sleep", "About to sleep"),
                                    ("at_risk", "At risk"),
                                    ("cannot_lose", "Cannot lose them"),
                                    ("hibernating", "Hibernating"),
                                    ("lost", "Lost"),
                                ],
                                verbose_name="international segment",
                            ),
                        ),
                        (
                            "churn_reasons",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(
                                    choices=[
                                        ("silence", "Silent for unusually long"),
                                        ("drop", "Revenue has dropped"),
                                    ]
                                ),
                                size=None,
                                verbose_name="reasons",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="scores",
                                to="crm.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="scores",
                                to="segmentation.scoringrun",
                                verbose_name="scoring run",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "score",
                        "verbose_name_plural": "scores",
                        "db_table": "segmentation_score",
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScoringStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("aggregate", "Add up transactions"),
                            ("score", "Score, segment, flag"),
                            ("index", "Build indexes"),
                            ("totals", "Add up by unit"),
                            ("publish", "Publish"),
                        ],
                        max_length=20,
                        verbose_name="step",
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                (
                    "rows",
                    models.PositiveBigIntegerField(blank=True, null=True, verbose_name="rows"),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="segmentation.scoringrun",
                        verbose_name="scoring run",
                    ),
                ),
            ],
            options={
                "verbose_name": "step",
                "verbose_name_plural": "steps",
                "ordering": ["run", "position"],
            },
        ),
        migrations.AddConstraint(
            model_name="scoringrun",
            constraint=models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(("state__in", ("queued", "running"))),
                name="segmentation_run_one_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "published")),
                fields=("as_of",),
                name="segmentation_run_one_published_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "queued",
                            "running",
                            "published",
                            "superseded",
                            "failed",
                            "cancelled",
                            "interrupted",
                        ],
                    )
                ),
                name="segmentation_run_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("progress__lte", 100)), name="segmentation_run_progress_percent"
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("finished_at__isnull", True),
                        ("started_at__isnull", True),
                        ("state", "queued"),
                    ),
                    models.Q(
                        ("finished_at__isnull", True),
                        ("started_at__isnull", False),
                        ("state", "running"),
                    ),
                    models.Q(
                        models.Q(("state__in", ("queued", "running")), _negated=True),
                        ("finished_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="segmentation_run_times_fit_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "customers__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("flagged_watch"), "+", models.F("flagged_high")
                        ),
                    )
                ),
                name="segmentation_run_flagged_are_customers",
            ),
        ),
        migrations.AddIndex(
            model_name="customerscore",
            index=models.Index(
                fields=["segment_cn", "customer"], include=("run",), name="segmentation_score_cn"
            ),
        ),
        migrations.AddIndex(
            model_name="customerscore",
            index=models.Index(
                fields=["segment_intl", "customer"],
                include=("run",),
                name="segmentation_score_intl",
            ),
        ),
        migrations.AddIndex(
            model_name="customerscore",
            index=models.Index(
                condition=models.Q(("churn_level__gt", 0)),
                fields=["churn_level", "customer"],
                include=("run", "monetary"),
                name="segmentation_score_flagged",
            ),
        ),
        migrations.AddIndex(
            model_name="customerscore",
            index=models.Index(
                condition=models.Q(("churn_level__gt", models.F("previous_churn_level"))),
                fields=["monetary", "customer"],
                include=("run", "churn_level", "previous_churn_level"),
                name="segmentation_score_new_flags",
            ),
        ),
        migrations.AddIndex(
            model_name="customerscore",
            index=models.Index(
                fields=["r", "f", "customer"], include=("run",), name="segmentation_score_rf"
            ),
        ),
        migrations.AddIndex(
            model_name="customerscore",
            index=models.Index(
                fields=["monetary", "customer"],
                include=("run",),
                name="segmentation_score_monetary",
            ),
        ),
        migrations.AddIndex(
            model_name="customerscore",
            index=models.Index(
                fields=["recency_days", "customer"],
                include=("run",),
                name="segmentation_score_recency",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("r__range", (1, 5)), ("f__range", (1, 5)), ("m__range", (1, 5))
                ),
                name="segmentation_score_quintiles",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("frequency__gte", 0), ("purchase_days__gte", 1), ("recency_days__gt", 0)
                ),
                name="segmentation_score_counts",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerscore",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_on__lte", models.F("last_on"))),
                name="segmentation_score_dates_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "segment_cn__in",
                        [
                            "important_value",
                            "important_develop",
                            "important_keep",
                            "important_winback",
                            "general_value",
                            "general_develop",
                            "general_keep",
                            "general_winback",
                        ],
                    )
                ),
                name="segmentation_score_segment_cn_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "segment_intl__in",
                        [
                            "champions",
                            "loyal",
                            "potential_loyalist",
                            "new",
                            "promising",
                            "need_attention",
                            "about_to_sleep",
                            "at_risk",
                            "cannot_lose",
                            "hibernating",
                            "lost",
                        ],
                    )
                ),
                name="segmentation_score_segment_intl_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("churn_level__in", [0, 1, 2]), ("previous_churn_level__in", [0, 1, 2])
                ),
                name="segmentation_score_level_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerscore",
            constraint=models.CheckConstraint(
                condition=models.Q(("churn_reasons__contained_by", ["silence", "drop"])),
                name="segmentation_score_reasons_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("churn_level", 0), ("churn_reasons__len", 0)),
                    models.Q(("churn_level__gt", 0), ("churn_reasons__len__gt", 0)),
                    _connector="OR",
                ),
                name="segmentation_score_flag_has_reasons",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("silence_ratio__isnull", True), ("usual_gap_days__isnull", True)),
                    models.Q(
                        ("silence_ratio__gte", 0),
                        ("silence_ratio__isnull", False),
                        ("usual_gap_days__gt", 0),
                        ("usual_gap_days__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="segmentation_score_usual_gap",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringstep",
            constraint=models.UniqueConstraint(
                fields=("run", "position"), name="segmentation_step_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("name__in", ["aggregate", "score", "index", "totals", "publish"])
                ),
                name="segmentation_step_name_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finished_at__isnull", True), ("rows__isnull", False), _connector="OR"
                ),
                name="segmentation_step_rows_when_finished",
            ),
        ),
    ]
