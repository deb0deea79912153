from django.apps import AppConfig


class RoofConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Whoever queues a task, web server or command, does so through this application.
        from config import celery  # noqa: F401
