"""``manage.py demo_logins``: print the logins of the demonstration company."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.models import User
from demo.company import is_production
from demo.people import LOGINS
from demo.plan import PASSWORD
from demo.progress import display_width, pad


class Command(BaseCommand):
    """Prints role, unit, login and password of the demo users who can sign in with it."""

    help = "Print one login per role of the demonstration company."

    def handle(self, *_args: str, **_options: Any) -> None:
        """Print the table."""
        if is_production():
            raise CommandError(_("These are production settings: no password is printed."))
        users = {
            user.employee_number: user
            for user in User.objects.filter(
                employee_number__in=LOGINS, is_active=True
            ).select_related("role", "unit")
        }
        rows = [
            (user.role.name, user.unit.name, login, PASSWORD)
            for login in LOGINS
            if (user := users.get(login)) and user.check_password(PASSWORD)
        ]
        if not rows:
            self.stdout.write(_("There is no demonstration company in this database."))
            return
        self._print_table([(_("Role"), _("Unit"), _("Login"), _("Password")), *rows])

    def _print_table(self, rows: list[tuple[str, str, str, str]]) -> None:
        widths = [max(display_width(row[n]) for row in rows) for n in range(4)]
        for row in rows:
            cells = (pad(cell, width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
