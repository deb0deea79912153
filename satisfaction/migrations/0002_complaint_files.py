"""Complaints have files."""

from django.db import migrations

from core.files.integrity import keep_attachments_with


class Migration(migrations.Migration):
    dependencies = [("satisfaction", "0001_initial"), ("core", "0003_attachment")]

    operations = [keep_attachments_with("complaint", "satisfaction_complaint")]
