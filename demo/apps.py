from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demonstration company. The app has no models; it writes records of the other apps."""

    name = "demo"
