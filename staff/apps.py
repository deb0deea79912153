from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate  # noqa: TID251 (installation, no domain logic)


class StaffConfig(AppConfig):
    name = "staff"

    def ready(self) -> None:
        """Grant new permissions after every ``migrate``, when the tables of accounts exist."""
        from staff.services.role import grant_new_permissions_after_migrate

        post_migrate.connect(
            grant_new_permissions_after_migrate, sender=apps.get_app_config("accounts")
        )
