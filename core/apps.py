from django.apps import AppConfig, apps
from django.core.checks import register
from django.db.models.signals import post_migrate  # noqa: TID251 (installation, no domain logic)
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Configuration")

    def ready(self) -> None:
        from core.checks import check_composition, check_events
        from core.services.event_consuming import add_new_consumers_after_migrate

        register(check_composition)
        register(check_events)
        post_migrate.connect(add_new_consumers_after_migrate, sender=apps.get_app_config("core"))
