"""Demonstration companies for tests, made with make_demo in databases of their own."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tests import databases

# Options of make_demo.
SMALL_COMPANY = ("--customers", "160", "--transactions", "5000", "--as-of", "2026-03-05")

# Everything in the database that follows from the options of make_demo. Ids and times of writing
# differ between two equal companies, so they are left out.
CONTENT_QUERIES = (
    "SELECT code, kind FROM accounts_orgunit ORDER BY code",
    (
        "SELECT u.employee_number, u.name, o.code, m.employee_number"
        " FROM accounts_user u"
        " JOIN accounts_orgunit o ON o.id = u.unit_id"
        " LEFT JOIN accounts_user m ON m.id = u.manager_id ORDER BY u.employee_number"
    ),
    (
        "SELECT c.code, c.name, c.stage, c.created_at, c.updated_at, c.category_id, c.grade_id,"
        " c.industry_id, c.source_id, o.code, u.employee_number, p.code FROM crm_customer c"
        " JOIN accounts_orgunit o ON o.id = c.unit_id"
        " LEFT JOIN accounts_user u ON u.id = c.owner_id"
        " LEFT JOIN crm_customer p ON p.id = c.parent_id ORDER BY c.code"
    ),
    (
        "SELECT c.code, t.amount, t.occurred_on, t.kind, t.currency, b.code, t.external_id"
        " FROM crm_transaction t JOIN crm_customer c ON c.id = t.customer_id"
        " JOIN crm_billingsystem b ON b.id = t.billing_system_id ORDER BY b.code, t.external_id"
    ),
    (
        "SELECT number, title, state, opened_at, closed_at, resolution, updated_at"
        " FROM satisfaction_complaint ORDER BY number"
    ),
    (
        "SELECT c.number, e.kind, e.text, e.at FROM satisfaction_complaintentry e"
        " JOIN satisfaction_complaint c ON c.id = e.complaint_id ORDER BY c.number, e.id"
    ),
    (
        "SELECT coalesce(c.code, s.number), a.name, a.sha256, a.added_at FROM core_attachment a"
        " LEFT JOIN crm_customer c ON a.record_type = 'customer' AND c.id = a.record_id"
        " LEFT JOIN satisfaction_complaint s ON a.record_type = 'complaint' AND s.id = a.record_id"
        " ORDER BY 1, a.name"
    ),
)


@contextmanager
def demo_company(blocker: DjangoDbBlocker, purpose: str, *arguments: str) -> Iterator[str]:
    """Make a company in a database of its own, which is the default database in the block.

    ``arguments`` are options of make_demo. Yields its output.
    """
    with blocker.unblock(), databases.use_database_copy(purpose):
        yield run_command("make_demo", *arguments)


def run_command(*arguments: str) -> str:
    """Run a management command and return its output."""
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def content_sha256() -> str:
    """Return a hash of the rows of ``CONTENT_QUERIES``: equal companies have the same."""
    digest = hashlib.sha256()
    for query in CONTENT_QUERIES:
        digest.update(repr(fetch_rows(query)).encode())
    return digest.hexdigest()


def fetch_rows(query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def fetch_number(query: str) -> int:
    """Return the single number of a query."""
    ((value,),) = fetch_rows(query)
    assert isinstance(value, int)
    return value
