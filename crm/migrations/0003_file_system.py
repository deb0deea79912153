"""The billing system of files that name none."""

from django.db import migrations

from common.history import migration_context


def add_file_system(apps, schema_editor):
    with migration_context():
        apps.get_model("crm", "BillingSystem").objects.create(
            code="file", name_zh="文件导入", name_en="File import"
        )


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_reference_data")]

    operations = [migrations.RunPython(add_file_system, migrations.RunPython.noop)]
