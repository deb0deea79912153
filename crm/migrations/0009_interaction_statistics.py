"""Statistics about the texts of interactions in capitals, which searches compare with a word.

Without them, PostgreSQL takes any word for a rare one, and looks for it in the interactions of each
customer that the user sees instead of in the latest interactions.
"""

from django.db import migrations

CREATE = """
    CREATE STATISTICS crm_interaction_texts
    ON (upper(content)), (upper(outcome::text)), (upper(next_step::text)) FROM crm_interaction
"""
DROP = "DROP STATISTICS crm_interaction_texts"


class Migration(migrations.Migration):
    dependencies = [("crm", "0008_interaction_events")]

    operations = [migrations.RunSQL(CREATE, DROP)]
