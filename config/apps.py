from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Tasks are queued through this application, in the web server and in commands.
        from config import celery  # noqa: F401
