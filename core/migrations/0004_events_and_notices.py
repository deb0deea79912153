"""Events, their consumers, and notices."""

import django.db.models.deletion
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_attachment"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EventConsumer",
            fields=[
                (
                    "name",
                    models.CharField(
                        max_length=60, primary_key=True, serialize=False, verbose_name="consumer"
                    ),
                ),
                ("position", models.BigIntegerField(verbose_name="position")),
                ("handled_at", models.DateTimeField(null=True, verbose_name="last handled")),
                (
                    "failures",
                    models.PositiveIntegerField(default=0, verbose_name="failed attempts"),
                ),
                ("error", models.CharField(blank=True, max_length=500, verbose_name="error")),
                ("failed_at", models.DateTimeField(null=True, verbose_name="failed")),
                ("retry_at", models.DateTimeField(null=True, verbose_name="next attempt")),
            ],
            options={
                "verbose_name": "event consumer",
                "verbose_name_plural": "event consumers",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("error", ""),
                                ("failed_at", None),
                                ("failures", 0),
                                ("retry_at", None),
                            ),
                            models.Q(
                                ("failed_at__isnull", False),
                                ("failures__gt", 0),
                                ("retry_at__isnull", False),
                                models.Q(("error", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="core_eventconsumer_error_of_failure",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=60, verbose_name="kind")),
                ("key", models.CharField(max_length=80, verbose_name="key")),
                ("values", models.JSONField(default=dict, verbose_name="values")),
                ("object_id", models.BigIntegerField(null=True, verbose_name="record")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                ("read_at", models.DateTimeField(null=True, verbose_name="read")),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recipient",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("type", models.CharField(max_length=60, verbose_name="type")),
                ("object_id", models.BigIntegerField(verbose_name="record")),
                ("data", models.JSONField(verbose_name="data")),
                ("transaction_id", models.BigIntegerField(verbose_name="transaction")),
                ("occurred_at", models.DateTimeField(verbose_name="at")),
                (
                    "context",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                        verbose_name="origin",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["transaction_id", "id"], name="core_event_in_order")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            models.Func(
                                "data", function="jsonb_typeof", output_field=models.TextField()
                            ),
                            models.Value("object"),
                        ),
                        name="core_event_data_object",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="da4280cb5a80f90002836ac7f058d757b8162ff3",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changed_9bf51",
                    table="core_event",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["recipient", "-id"], name="core_notice_recipient"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("read_at__isnull", True)),
                fields=["recipient", "-id"],
                name="core_notice_unread",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("recipient", "kind", "key"), name="core_notice_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(
                    models.Func("values", function="jsonb_typeof", output_field=models.TextField()),
                    models.Value("object"),
                ),
                name="core_notice_values_object",
            ),
        ),
    ]
