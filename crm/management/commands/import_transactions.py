"""``manage.py import_transactions FILE``: bills, orders and refunds from CSV or XLSX."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.models import User
from common.files import RowSource
from crm.management.importing import ImportCommand
from crm.services.importing import ImportOptions, ImportResult, import_transactions
from crm.services.importing.outcome import DEFAULT_SYSTEM, ProgressReporter


class Command(ImportCommand):
    """Bring transactions in; sending a file again changes nothing."""

    help = "Import transactions from a CSV or XLSX file; sending it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what only transactions have."""
        super().add_arguments(parser)
        parser.add_argument(
            "--system", default=DEFAULT_SYSTEM, metavar="CODE", help="the billing system it is from"
        )
        parser.add_argument(
            "--create-customers",
            action="store_true",
            help="make customers that do not exist yet, instead of rejecting their rows",
        )

    def options(self, given: dict[str, Any]) -> ImportOptions:
        """Read the options."""
        return self.common_options(
            given, system=given["system"], create_customers=given["create_customers"]
        )

    def bring(
        self,
        source: RowSource,
        actor: User,
        options: ImportOptions,
        report_progress: ProgressReporter,
    ) -> ImportResult:
        """Call the service."""
        return import_transactions(
            source=source, actor=actor, options=options, report_progress=report_progress
        )
