"""The reference lists the product starts with, from ``crm/reference_data``."""

import csv
from pathlib import Path

from django.db import migrations

from common.history import migration_context

DATA = Path(__file__).resolve().parent.parent / "reference_data"


def rows(name):
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def add_lists(apps, schema_editor):
    for name, model_name in (
        ("sources", "Source"),
        ("categories", "Category"),
        ("grades", "Grade"),
    ):
        model = apps.get_model("crm", model_name)
        with migration_context():
            model.objects.bulk_create(model(**row) for row in rows(name))


def add_industries(apps, schema_editor):
    industry = apps.get_model("crm", "Industry")
    sections = {}
    for position, row in enumerate(rows("industries"), start=1):
        parent = sections.get(row.pop("parent"))
        with migration_context():
            entry = industry.objects.create(position=position, parent=parent, **row)
        if parent is None:
            sections[entry.code] = entry


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]

    operations = [
        migrations.RunPython(add_lists, migrations.RunPython.noop),
        migrations.RunPython(add_industries, migrations.RunPython.noop),
    ]
