"""``manage.py import_customers FILE``: import customers from CSV or XLSX."""

from django.core.management.base import CommandParser

from accounts.models import User
from common.files import RowSource
from crm.management.importing import ImportCommand, add_unit_argument
from crm.services.importing import ImportOptions, ImportResult, import_customers
from crm.services.importing.progress import ProgressReporter


class Command(ImportCommand):
    """Import customers; empty cells and missing columns leave a field unchanged."""

    help = "Import customers from a CSV or XLSX file; sending it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option of customers."""
        super().add_arguments(parser)
        add_unit_argument(parser)

    def run_import(
        self,
        source: RowSource,
        actor: User,
        options: ImportOptions,
        report_progress: ProgressReporter,
    ) -> ImportResult:
        """Import the customers of the source; see the service."""
        return import_customers(
            source=source, actor=actor, options=options, report_progress=report_progress
        )
