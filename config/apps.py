"""The Django app of the project folder, which is installed for its translations and ``ready``."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Importing it makes it the current Celery application, so that ``task.delay`` in the web
        # server and in commands reaches the broker of the settings.
        from config import celery  # noqa: F401
