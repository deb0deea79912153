"""The seven roles the product starts with; ``migrate`` then gives them their permissions."""

from django.db import migrations

from accounts.roles import STARTING_ROLES
from common.history import migration_context


def add_roles(apps, schema_editor):
    role = apps.get_model("accounts", "Role")
    with migration_context():
        role.objects.bulk_create(
            role(
                code=starting.code,
                name_zh=starting.name_zh,
                name_en=starting.name_en,
                access_level=starting.access_level.value,
            )
            for starting in STARTING_ROLES
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_history_context")]

    operations = [migrations.RunPython(add_roles, migrations.RunPython.noop)]
