"""The root of the organisation, and the two accounts under which the product works by itself.

``scheduler`` starts the nightly run; ``importer`` brings files in from the command line. Both are
service accounts with roles of the list: what they may do is seen and changed where everybody's is.
"""

from django.db import migrations

from common.history import migration_context

ACCOUNTS = [
    ("scheduler", "夜间任务 Scheduler", "system_administrator"),
    ("importer", "数据导入 Importer", "division_administrator"),
]


def add_head_office(apps, schema_editor):
    with migration_context():
        unit = apps.get_model("accounts", "OrgUnit").objects.create(
            code="HQ", name_zh="集团总部", name_en="Head office", kind="head_office"
        )
        role = apps.get_model("accounts", "Role")
        user = apps.get_model("accounts", "User")
        for employee_number, name, role_code in ACCOUNTS:
            user.objects.create(
                employee_number=employee_number,
                name=name,
                unit=unit,
                role=role.objects.get(code=role_code),
                is_service=True,
                password="!",
            )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_starting_roles")]

    operations = [migrations.RunPython(add_head_office, migrations.RunPython.noop)]
