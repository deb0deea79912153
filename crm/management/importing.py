"""The base of the import commands: options, progress, summary, one-line errors."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from common.files import FileRefusedError, RowSource, open_source
from common.files.text import ENCODINGS
from common.interrupts import cancel_statement_on_interrupt
from crm.management.progress import progress_display
from crm.services.importing import ImportOptions, ImportResult
from crm.services.importing.options import DEFAULT_SYSTEM
from crm.services.importing.progress import ProgressReporter
from crm.services.importing.reasons import reason_text

DEFAULT_ACTOR = "importer"  # employee number of a service account that a migration creates
INTERRUPTED_EXIT_CODE = 130  # as shells report a program ended by Ctrl-C: 128 + SIGINT


class ImportCommand(BaseCommand):
    """Imports one file, shows the progress, and prints a summary. An error is one line."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options of every import."""
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV or XLSX")
        parser.add_argument(
            "--map", default="", metavar="COLUMN=HEADER,…", help="the file's headers of our columns"
        )
        parser.add_argument("--dry-run", action="store_true", help="check the file, import nothing")
        parser.add_argument(
            "--as",
            dest="actor",
            default=DEFAULT_ACTOR,
            metavar="EMPLOYEE_NUMBER",
            help="import as this user (default: the account “importer”)",
        )
        parser.add_argument(
            "--rejects", type=Path, metavar="PATH", help="default: FILE.rejects.csv beside the file"
        )
        parser.add_argument("--encoding", choices=ENCODINGS, default="", help="default: detected")

    def import_options(self, arguments: dict[str, Any]) -> ImportOptions:
        """Return the service's options from the command's arguments.

        Raises CommandError for a bad mapping, or for rejects that would overwrite the file.
        """
        file: Path = arguments["file"]
        rejects_path = arguments["rejects"] or file.with_name(f"{file.stem}.rejects.csv")
        if rejects_path.resolve() == file.resolve():
            raise CommandError(_("The rejects would overwrite the file itself."))
        return ImportOptions(
            unit=arguments.get("unit", ""),
            mapping=_parse_mapping(arguments["map"]),
            dry_run=arguments["dry_run"],
            rejects_path=rejects_path,
        )

    @abstractmethod
    def run_import(
        self,
        source: RowSource,
        actor: User,
        options: ImportOptions,
        report_progress: ProgressReporter,
    ) -> ImportResult:
        """Import the rows of the source by the command's service and return its result."""

    def handle(self, *_args: Any, **arguments: Any) -> None:
        """Import the file and print a summary.

        Raises CommandError, with one line, if the file cannot be imported or no row is valid.
        """
        options = self.import_options(arguments)
        with _errors_as_one_line():
            actor = _get_actor(arguments["actor"])
            with (
                open_source(arguments["file"], encoding=arguments["encoding"]) as source,
                progress_display(self.stdout) as report_progress,
                cancel_statement_on_interrupt(),
            ):
                result = self.run_import(source, actor, options, report_progress)
        self._print_summary(result, options)
        if result.is_empty:
            message = _("No row could be imported.")
            raise CommandError(message)

    def _print_summary(self, result: ImportResult, options: ImportOptions) -> None:
        if result.ignored_headers:
            headers = ", ".join(result.ignored_headers)
            self.stdout.write(_("Columns not used: %(headers)s") % {"headers": headers})
        counts = _(
            "%(read)d rows read: %(new)d new, %(changed)d changed, %(same)d unchanged, "
            "%(rejected)d rejected, in %(seconds).1f seconds."
        )
        values = {
            "read": result.rows_read,
            "new": result.rows_created,
            "changed": result.rows_changed,
            "same": result.rows_unchanged,
            "rejected": result.rows_rejected,
            "seconds": result.seconds,
        }
        self.stdout.write(counts % values)
        if options.create_customers:
            created = {"count": result.customers_created}
            self.stdout.write(_("%(count)d customers made.") % created)
        for code, count in result.rejects_by_reason.items():
            self.stdout.write(f"  {count}  {reason_text(code)}")
        if result.rows_rejected:
            path = {"path": options.rejects_path}
            self.stdout.write(_("Rejected rows and reasons: %(path)s") % path)
        if result.dry_run:
            self.stdout.write(_("This was a dry run: nothing was imported."))


def add_unit_argument(parser: CommandParser) -> None:
    """Add the option of imports that can create customers."""
    parser.add_argument("--unit", default="", metavar="CODE", help="the unit of new customers")


def add_system_argument(parser: CommandParser) -> None:
    """Add the option of imports whose rows have an id in another system."""
    parser.add_argument(
        "--system",
        default=DEFAULT_SYSTEM,
        metavar="CODE",
        help="the billing system, or other system, of the file",
    )


def _parse_mapping(text: str) -> dict[str, str]:
    """Return ``{"amount": "Net total", "kind": ""}`` for ``amount=Net total,kind=``.

    Raises CommandError for a pair without a column or an equals sign.
    """
    mapping = {}
    for pair in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals_sign, header = pair.partition("=")
        if not (name.strip() and equals_sign):
            message = _("--map takes pairs like amount=Total, not “%(pair)s”.")
            raise CommandError(message % {"pair": pair})
        mapping[name.strip()] = header.strip()
    return mapping


def _get_actor(employee_number: str) -> User:
    try:
        actor = User.objects.get_by_natural_key(employee_number)
    except User.DoesNotExist as error:
        message = _("There is nobody with the employee number %(number)s.")
        raise CommandError(message % {"number": employee_number}) from error
    return actor


@contextmanager
def _errors_as_one_line() -> Iterator[None]:
    """Turn the errors that users can cause or must know into CommandError with one line.

    After each of them nothing has been imported.
    """
    try:
        yield
    except FileRefusedError as error:
        raise CommandError(error.message) from error
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    except PermissionDenied as error:
        name = Permission(str(error)).label if str(error) in Permission.values else error
        raise CommandError(_("Not allowed: %(what)s.") % {"what": name}) from error
    except DatabaseError as error:
        line = str(error).strip().partition("\n")[0]
        message = _("The database refused, nothing was imported: %(why)s")
        raise CommandError(message % {"why": line}) from error
    except OSError as error:
        message = _("Reading failed, nothing was imported: %(why)s.")
        raise CommandError(message % {"why": error.strerror or error}) from error
    except KeyboardInterrupt as error:
        message = _("Stopped; nothing was imported.")
        raise CommandError(message, returncode=INTERRUPTED_EXIT_CODE) from error
