"""``manage.py import_customers FILE``: customers by code, new and changed, from CSV or XLSX."""

from typing import Any

from accounts.models import User
from common.files import RowSource
from crm.management.importing import ImportCommand
from crm.services.importing import ImportOptions, ImportResult, import_customers
from crm.services.importing.outcome import ProgressReporter


class Command(ImportCommand):
    """Bring customers in; empty cells and missing columns leave a field alone."""

    help = "Import customers from a CSV or XLSX file; sending it again changes nothing."

    def options(self, given: dict[str, Any]) -> ImportOptions:
        """Read the options."""
        return self.common_options(given)

    def bring(
        self,
        source: RowSource,
        actor: User,
        options: ImportOptions,
        report_progress: ProgressReporter,
    ) -> ImportResult:
        """Call the service."""
        return import_customers(
            source=source, actor=actor, options=options, report_progress=report_progress
        )
