"""The Celery application, which ``celery -A config.celery worker`` and ``… beat`` run.

Its settings are the Django settings that begin with CELERY_. The tasks are in the ``tasks`` modules
of the apps.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("group_crm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
