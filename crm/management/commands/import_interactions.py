"""``manage.py import_interactions FILE``: import interactions from CSV or XLSX."""

from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser

from accounts.models import User
from common.files import RowSource
from crm.management.importing import ImportCommand, add_system_argument
from crm.services.importing import ImportOptions, ImportResult, import_interactions
from crm.services.importing.progress import ProgressReporter


class Command(ImportCommand):
    """Import interactions; importing a file again changes nothing."""

    help = "Import interactions from a CSV or XLSX file; sending it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option of interactions."""
        super().add_arguments(parser)
        add_system_argument(parser)

    def import_options(self, arguments: dict[str, Any]) -> ImportOptions:
        """Add the option of interactions."""
        return replace(super().import_options(arguments), system=arguments["system"])

    def run_import(
        self,
        source: RowSource,
        actor: User,
        options: ImportOptions,
        report_progress: ProgressReporter,
    ) -> ImportResult:
        """Import the interactions of the source; see the service."""
        return import_interactions(
            source=source, actor=actor, options=options, report_progress=report_progress
        )
