"""``manage.py demo_logins``: who can sign in to the demonstration company."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.models import User
from demo.company import is_production
from demo.people import LOGINS
from demo.plan import PASSWORD
from demo.progress import columns, padded


class Command(BaseCommand):
    """Prints role, place, login and password; only those that work."""

    help = "Print one login per role of the demonstration company."

    def handle(self, *_args: str, **_options: Any) -> None:
        """Print the table."""
        if is_production():
            raise CommandError(_("These are production settings: no password is printed."))
        people = {
            user.employee_number: user
            for user in User.objects.filter(
                employee_number__in=LOGINS, is_active=True
            ).select_related("role", "unit")
        }
        rows = [
            (user.role.name, user.unit.name, login, PASSWORD)
            for login in LOGINS
            if (user := people.get(login)) and user.check_password(PASSWORD)
        ]
        if not rows:
            self.stdout.write(_("There is no demonstration company in this database."))
            return
        self._print([(_("Role"), _("Unit"), _("Login"), _("Password")), *rows])

    def _print(self, rows: list[tuple[str, str, str, str]]) -> None:
        widths = [max(columns(row[n]) for row in rows) for n in range(4)]
        for row in rows:
            cells = (padded(cell, width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
