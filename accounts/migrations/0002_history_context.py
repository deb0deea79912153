"""A change of a tracked record names who made it, as what, and how: the database insists."""

from django.db import migrations

# Only the installation itself has no user.
ADD = """
    ALTER TABLE pghistory_context ADD CONSTRAINT pghistory_context_names_actor CHECK (
        metadata ?& ARRAY['actor', 'action', 'channel']
        AND (jsonb_typeof(metadata -> 'actor') = 'number' OR metadata ->> 'channel' = 'migration')
    )
"""
DROP = "ALTER TABLE pghistory_context DROP CONSTRAINT pghistory_context_names_actor"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("pghistory", "0007_auto_20250421_0444")]

    operations = [migrations.RunSQL(ADD, DROP)]
