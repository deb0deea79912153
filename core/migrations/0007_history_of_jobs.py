"""An index by which the changes that a job has made are found in the history."""

from django.db import migrations

# Few contexts name a job; the others are not in the index.
CREATE = """
    CREATE INDEX pghistory_context_job ON pghistory_context ((metadata -> 'job'))
    WHERE (metadata -> 'job') IS NOT NULL
"""
DROP = "DROP INDEX pghistory_context_job"


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0006_saved_views"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [migrations.RunSQL(CREATE, DROP)]
