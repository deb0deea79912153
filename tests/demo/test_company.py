"""What stands in the demonstration company."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from crm.models import Customer, ImportBatch, Transaction
from crm.models.transaction import Kind
from demo.people import LOGINS
from demo.plan import PASSWORD
from satisfaction.models import Complaint
from tests.demo.company import SMALL, company, number, rows, run
from tests.history import fixture_changes


@pytest.fixture(scope="module")
def printed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A small company, read by every test of this module; what making it printed."""
    with company(django_db_blocker, "demo", *SMALL) as text:
        yield text


@pytest.fixture(autouse=True)
def _made(printed: str) -> None:
    pass


def _user(login: str) -> User:
    return User.objects.get_by_natural_key(login)


def test_size_is_to_the_row_what_was_asked_for() -> None:
    assert Customer.objects.count() == 160
    assert Transaction.objects.count() == 5000


def test_progress_names_every_part_with_its_rows(printed: str) -> None:
    lines = printed.splitlines()
    assert len(lines) == 5
    assert "160" in lines[1]
    assert "5,000" in lines[2]


@pytest.mark.parametrize("login", LOGINS)
def test_login_signs_in_through_the_login_page(login: str) -> None:
    browser = Client()
    browser.post("/login/", {"login": login, "password": PASSWORD})
    assert browser.session["_auth_user_id"] == str(_user(login).pk)


def test_everybody_has_the_password_and_a_number_of_their_own() -> None:
    people = User.objects.filter(is_service=False)
    encoded = set(people.values_list("password", flat=True))
    assert [check_password(PASSWORD, text) for text in encoded] == [True]
    assert people.count() > len(LOGINS) + 20


def test_everyone_but_the_executive_and_head_office_reports_to_somebody() -> None:
    alone = User.objects.filter(manager__isnull=True, role__code="account_manager")
    assert not alone.exists()
    assert _user("manager").manager == _user("head")
    assert _user("head").manager == _user("executive")


def test_tree_is_seven_levels_deep_below_the_one_root() -> None:
    assert number("SELECT max(nlevel(path)) FROM accounts_orgunit") == 7
    assert number("SELECT count(*) FROM accounts_orgunit WHERE parent_id IS NULL") == 1


def test_manager_has_a_portfolio_and_a_pool_in_the_province_of_the_head() -> None:
    manager, head = _user("manager"), _user("head")
    assert Customer.objects.filter(owner=manager).count() == 40
    seen = Customer.objects.visible_to(manager)
    assert seen.filter(owner=None).exists()
    assert not seen.exclude(owner=manager).exclude(owner=None).exists()
    assert set(seen) < set(Customer.objects.visible_to(head))
    assert _user("colleague").unit == manager.unit


def test_stranger_shares_no_customer_with_the_head() -> None:
    strange = Customer.objects.visible_to(_user("stranger"))
    assert strange.exists()
    assert not set(strange) & set(Customer.objects.visible_to(_user("head")))


def test_owner_and_customer_stand_in_the_same_unit() -> None:
    assert not rows(
        "SELECT 1 FROM crm_customer c JOIN accounts_user u ON u.id = c.owner_id"
        " WHERE u.unit_id <> c.unit_id"
    )


def test_names_and_shares_are_as_told() -> None:
    assert number("SELECT count(DISTINCT name)::int FROM crm_customer") == 160
    assert Customer.objects.filter(owner=None).count() == 16
    assert Customer.objects.filter(parent__isnull=False).exists()
    assert 8 <= Customer.objects.filter(transactions=None).count() <= 35


def test_prospects_have_bought_nothing_and_all_others_are_no_prospects() -> None:
    prospects = Customer.objects.filter(stage__in=["potential", "intending", "prospective"])
    assert prospects.exists()
    assert not Transaction.objects.filter(customer__in=prospects).exists()


def test_transactions_lie_within_the_months_and_before_the_as_of_date() -> None:
    ((first, last),) = rows("SELECT min(occurred_on), max(occurred_on) FROM crm_transaction")
    assert isinstance(first, date)
    assert isinstance(last, date)
    assert date(2024, 4, 1) <= first <= date(2024, 4, 6)
    assert date(2026, 3, 1) <= last <= date(2026, 3, 4)


def test_refunds_are_two_percent_and_nothing_else_is_negative() -> None:
    assert Transaction.objects.filter(kind=Kind.REFUND).count() == 100
    assert not Transaction.objects.filter(amount__lt=0).exclude(kind=Kind.REFUND).exists()


def test_spring_festival_is_a_poor_month() -> None:
    before, festival, after = (
        Transaction.objects.filter(kind=Kind.ORDER, occurred_on__year=y, occurred_on__month=m)
        for y, m in ((2024, 12), (2025, 1), (2025, 3))
    )
    assert before.count() > festival.count() < after.count()


def test_spend_is_skewed() -> None:
    share = number(
        "WITH s AS (SELECT sum(amount) AS total, percent_rank() OVER (ORDER BY sum(amount) DESC)"
        " AS place FROM crm_transaction GROUP BY customer_id)"
        " SELECT (100 * sum(total) FILTER (WHERE place < 0.2) / sum(total))::int FROM s"
    )
    assert 55 <= share <= 95


def test_batches_account_for_every_row() -> None:
    assert not rows(
        "SELECT 1 FROM crm_importbatch b WHERE kind = 'transactions' AND rows_created <>"
        " (SELECT count(*) FROM crm_transaction t WHERE t.batch_id = b.id)"
    )
    assert sum(ImportBatch.objects.values_list("rows_read", flat=True)) == 5160


def test_history_knows_who_made_the_customers() -> None:
    assert rows(
        "SELECT x.metadata->>'action', count(*)::int FROM crm_customerevent e"
        " JOIN pghistory_context x ON x.id = e.pgh_context_id GROUP BY 1"
    ) == [("demo.create", 160)]


def test_table_of_transactions_has_its_keys_and_indexes_again() -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "crm_transaction")
    meta = Transaction._meta
    assert {c.name for c in meta.constraints} | {i.name for i in meta.indexes} < set(found)
    keys = {tuple(c["columns"]) for c in found.values() if c["foreign_key"]}
    assert keys == {("customer_id",), ("batch_id",), ("billing_system_id",)}
    assert any(c["primary_key"] for c in found.values())


def test_reads_need_the_index_alone() -> None:
    assert number(
        "SELECT (relallvisible = relpages)::int FROM pg_class WHERE relname = 'crm_transaction'"
    )


def test_complaints_are_told_from_receipt_to_end() -> None:
    complaints = Complaint.objects.all()
    assert complaints.open().exists()
    assert complaints.exclude(pk__in=complaints.open()).exists()
    for complaint in complaints.prefetch_related("entries"):
        entries = list(complaint.entries.all())
        assert entries[0].kind == "received"
        assert [e.at for e in entries] == sorted(e.at for e in entries)
        assert complaint.version == len(entries)
    assert complaints.visible_to(_user("agent")).exists()


def test_next_complaint_gets_the_next_number() -> None:
    assert not rows(
        "SELECT 1 FROM satisfaction_complaintseries s WHERE last <> (SELECT count(*) FROM"
        " satisfaction_complaint WHERE number LIKE 'TS-' || to_char(s.month, 'YYYYMM') || '-%')"
    )


def test_demo_logins_prints_a_line_for_each() -> None:
    lines = run("demo_logins").splitlines()
    assert len(lines) == 1 + len(LOGINS)
    assert all(
        login in line and PASSWORD in line for login, line in zip(LOGINS, lines[1:], strict=True)
    )


def test_demo_logins_leaves_out_whom_the_password_does_not_let_in() -> None:
    auditor = _user("auditor")
    kept, auditor.password = auditor.password, "!"
    with fixture_changes():
        auditor.save()
    try:
        assert "auditor" not in run("demo_logins")
    finally:
        auditor.password = kept
        with fixture_changes():
            auditor.save()
