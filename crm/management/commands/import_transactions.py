"""``manage.py import_transactions FILE``: import bills, orders and refunds from CSV or XLSX."""

from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser

from accounts.models import User
from common.files import RowSource
from crm.management.importing import ImportCommand, add_system_argument, add_unit_argument
from crm.services.importing import ImportOptions, ImportResult, import_transactions
from crm.services.importing.progress import ProgressReporter


class Command(ImportCommand):
    """Import transactions; importing a file again changes nothing."""

    help = "Import transactions from a CSV or XLSX file; sending it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options of transactions."""
        super().add_arguments(parser)
        add_unit_argument(parser)
        add_system_argument(parser)
        parser.add_argument(
            "--create-customers",
            action="store_true",
            help="create customers that do not exist yet, instead of rejecting their rows",
        )

    def import_options(self, arguments: dict[str, Any]) -> ImportOptions:
        """Add the options of transactions."""
        return replace(
            super().import_options(arguments),
            system=arguments["system"],
            create_customers=arguments["create_customers"],
        )

    def run_import(
        self,
        source: RowSource,
        actor: User,
        options: ImportOptions,
        report_progress: ProgressReporter,
    ) -> ImportResult:
        """Import the transactions of the source; see the service."""
        return import_transactions(
            source=source, actor=actor, options=options, report_progress=report_progress
        )
