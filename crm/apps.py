from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from crm.checks import check_composition

        register(check_composition)
