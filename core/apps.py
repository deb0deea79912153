from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Configuration")

    def ready(self) -> None:
        from core.checks import check_composition

        register(check_composition)
