"""``manage.py make_demo``: fill an empty database with a demonstration company."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import RefusedError
from demo.company import is_empty, is_production, make_company
from demo.plan import TRANSACTIONS_PER_CUSTOMER, Plan
from demo.progress import Progress


class Command(BaseCommand):
    """Checks the options and the database, and makes the company, printing progress."""

    help = "Fill an empty database with a demonstration company."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--customers", type=int, default=2000, help="default: 2000")
        parser.add_argument("--transactions", type=int, help="default: 50 per customer")
        parser.add_argument("--months", type=int, default=24, help="of transactions; default: 24")
        parser.add_argument("--seed", type=int, default=1, help="of the random numbers; default: 1")
        parser.add_argument("--as-of", type=date.fromisoformat, help="YYYY-MM-DD; default: today")
        parser.add_argument(
            "--prospects",
            type=int,
            default=12,
            help="percent who never bought; default: 12",
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing if the database is not empty"
        )
        parser.add_argument(
            "--yes-really", action="store_true", help="run with production settings too"
        )

    def handle(self, *_args: str, **options: Any) -> None:
        """Make the company. Raises CommandError with one line when that is refused."""
        if is_production() and not options["yes_really"]:
            raise CommandError(
                _("These are production settings: the demonstration company has public passwords.")
            )
        if _has_unapplied_migrations():
            raise CommandError(
                _("The database lacks tables or columns: run 'manage.py migrate' first.")
            )
        if options["if_empty"] and not is_empty():
            return
        plan = self._make_plan(options)
        try:
            make_company(plan, Progress(self.stdout if options["verbosity"] else None))
        except RefusedError as error:
            raise CommandError(error.message) from error

    def _make_plan(self, options: dict[str, Any]) -> Plan:
        """Return the plan of the options; raise CommandError for a number out of range."""
        transactions = options["transactions"]
        if transactions is None:
            transactions = options["customers"] * TRANSACTIONS_PER_CUSTOMER
        limits = {  # option: value, minimum, maximum
            "--customers": (options["customers"], 20, 5_000_000),
            "--transactions": (transactions, 1, 500_000_000),
            "--months": (options["months"], 1, 120),
            "--prospects": (options["prospects"], 0, 90),
        }
        for name, (value, minimum, maximum) in limits.items():
            if not minimum <= value <= maximum:
                message = _("%(option)s must lie between %(least)s and %(most)s.")
                raise CommandError(message % {"option": name, "least": minimum, "most": maximum})
        return Plan(
            customers=options["customers"],
            transactions=transactions,
            seed=options["seed"],
            as_of=options["as_of"] or timezone.localdate(),
            months=options["months"],
            prospects=options["prospects"],
        )


def _has_unapplied_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
