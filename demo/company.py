"""Making the whole demonstration company in one transaction."""

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from accounts.acting import Channel, audited_transaction
from accounts.actions import Action
from accounts.models import OrgUnit, User
from common.errors import RefusedError
from core.models import CustomField
from crm.models import Customer, ImportBatch, Transaction
from crm.models.batch import BatchKind
from demo.complaints import make_complaints
from demo.custom_fields import make_custom_fields
from demo.customers import make_customers
from demo.files import make_files
from demo.interactions import make_interactions
from demo.notices import make_notices
from demo.people import make_people
from demo.plan import Plan
from demo.progress import Progress
from demo.saved_views import make_saved_views
from demo.transactions import make_transactions
from demo.units import make_units

VACUUMED_TABLES = (
    "accounts_orgunit",
    "accounts_user",
    "core_attachment",
    "crm_customer",
    "crm_importbatch",
    "crm_interaction",
    "crm_interactionevent",
    "crm_transaction",
    "satisfaction_complaint",
    "satisfaction_complaintentry",
)
# The service account that imports files. History names it as the author of the whole company.
IMPORTER = "importer"


def is_production() -> bool:
    """Return whether the production settings are in use."""
    return settings.SETTINGS_MODULE.endswith(".production")


def is_empty() -> bool:
    """Return whether the database has no business data and no person yet.

    What the migrations have written does not count: head office, roles, service accounts.
    """
    return not (
        Customer.objects.exists()
        or Transaction.objects.exists()
        or OrgUnit.objects.filter(parent__isnull=False).exists()
        or User.objects.filter(is_service=False).exists()
        or CustomField.objects.exists()
    )


def make_company(plan: Plan, progress: Progress) -> None:
    """Write the company in one transaction, then vacuum its tables.

    Raises RefusedError ``not_empty`` when the database is not empty.
    """
    actor = User.objects.get_by_natural_key(IMPORTER)
    with audited_transaction(actor, Action.DEMO_CREATE):
        with connection.cursor() as cursor:
            # A second make_demo waits for this lock, and then finds a database that is not empty.
            cursor.execute("LOCK TABLE crm_transaction, crm_customer IN ACCESS EXCLUSIVE MODE")
        if not is_empty():
            message = _("The database is not empty: it has customers, units or people already.")
            raise RefusedError("not_empty", message)
        _write_company(plan, actor, progress)
    if not connection.in_atomic_block:  # PostgreSQL refuses VACUUM in a transaction, as in tests
        _vacuum(progress)


def _write_company(plan: Plan, actor: User, progress: Progress) -> None:
    progress.begin(_("Units and people"))
    organisation = make_units()
    people = make_people(plan, organisation)
    progress.end()
    make_custom_fields()
    progress.begin(_("Customers"), plan.customers)
    # The pages show the customers as an import, like the transactions.
    ImportBatch.objects.create(
        kind=BatchKind.CUSTOMERS,
        file_name="customers.csv",
        sha256=plan.fingerprint("customers.csv"),
        actor=actor,
        channel=Channel.COMMAND,
        rows_read=plan.customers,
        rows_created=plan.customers,
    )
    profiles = make_customers(plan, people.placements, progress)
    progress.end()
    progress.begin(_("Transactions"), plan.transactions)
    make_transactions(plan, profiles, actor, progress)
    progress.end()
    progress.begin(_("Interactions"))
    make_interactions(plan, organisation, people.agents_by_province, progress)
    progress.end()
    progress.begin(_("Complaints"))
    make_complaints(plan, organisation, people.agents_by_province, progress)
    make_files(plan)
    progress.end()
    make_notices(plan)
    make_saved_views()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE core_event")  # no consumer is to handle the making of the company


def _vacuum(progress: Progress) -> None:
    """Vacuum the tables, so that index-only scans work and the planner has statistics."""
    progress.begin(_("Cleaning up for fast reading"))
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(VACUUMED_TABLES)}")
    progress.end()
