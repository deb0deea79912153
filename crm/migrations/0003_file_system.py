"""The billing system of files that name none."""

from django.db import migrations


def add_file_system(apps, schema_editor):
    apps.get_model("crm", "BillingSystem").objects.create(
        code="file", name_zh="文件导入", name_en="File import"
    )


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_reference_data")]

    operations = [migrations.RunPython(add_file_system, migrations.RunPython.noop)]
