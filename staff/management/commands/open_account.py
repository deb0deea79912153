"""``manage.py open_account NUMBER --name NAME``: create a user from the command line.

It is meant for the first user, who creates the others in the administration. History names the
service account ``scheduler`` as the actor, because no person can be signed in yet.
"""

from getpass import getpass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import OrgUnit, Role, User
from accounts.permissions import Permission
from staff.services.user import save_user

ACTOR = "scheduler"  # a migration creates it, with the role of system administrator


class Command(BaseCommand):
    """Create a user."""

    help = "Open an account; asks for its password."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options of the command line."""
        parser.add_argument("employee_number")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", default="system_administrator", help="a role's code")
        parser.add_argument("--unit", default="HQ", help="a unit's code")
        parser.add_argument("--service", action="store_true", help="a service account: no password")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the password and create the user; raise CommandError with the reason."""
        try:
            user = save_user(
                actor=User.objects.get(employee_number=ACTOR),
                employee_number=options["employee_number"],
                name=options["name"],
                role=Role.objects.get(code=options["role"]),
                unit=OrgUnit.objects.get(code=options["unit"]),
                is_service=options["service"],
                password=None if options["service"] else getpass(_("Password: ")),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except PermissionDenied as error:
            # An administrator has closed the account of ACTOR or changed its role.
            what = f"{ACTOR}: {Permission.STAFF_MANAGE.label}"
            raise CommandError(_("Not allowed: %(what)s.") % {"what": what}) from error
        except ObjectDoesNotExist as error:
            raise CommandError(_("There is no such role or unit.")) from error
        if user.is_service:
            self.stdout.write(_("A service account has no password; give it a key."))
        else:
            self.stdout.write(_("%(name)s can sign in now.") % {"name": user.employee_number})
