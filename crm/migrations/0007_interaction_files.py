"""Interactions have files."""

from django.db import migrations

from core.files.integrity import keep_attachments_with


class Migration(migrations.Migration):
    dependencies = [("crm", "0006_interactions"), ("core", "0003_attachment")]

    operations = [keep_attachments_with("interaction", "crm_interaction")]
