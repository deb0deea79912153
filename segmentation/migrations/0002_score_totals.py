import common.money
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_head_office"),
        ("segmentation", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScoreTotal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                ("customer_count", models.PositiveIntegerField(verbose_name="number of customers")),
                ("revenue", common.money.MinorUnitsField(verbose_name="revenue")),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="totals",
                        to="segmentation.scoringrun",
                        verbose_name="scoring run",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.orgunit",
                        verbose_name="unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "total of scores",
                "verbose_name_plural": "totals of scores",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "unit", "r", "f", "m", "churn_level"),
                        name="segmentation_total_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("customer_count__gt", 0)),
                        name="segmentation_total_not_empty",
                    ),
                ],
            },
        ),
    ]
