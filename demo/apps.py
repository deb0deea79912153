"""App configuration."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demonstration company; it writes the records of all apps and has none of its own."""

    name = "demo"
