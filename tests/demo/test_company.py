"""The content of the demonstration company.

The numbers follow from the options in ``SMALL_COMPANY``: 160 customers and 5,000 transactions.
"""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from core.fields.custom import custom_fields
from core.files.kinds import FileKind
from core.files.storage import open_stored_file
from core.models import Attachment, Event, Notice
from crm.models import Customer, ImportBatch, Interaction, Transaction
from crm.models.transaction import TransactionKind
from demo.customers import PROSPECT_STAGES
from demo.people import LOGINS
from demo.plan import PASSWORD
from satisfaction.models import Complaint
from tests.demo.company import SMALL_COMPANY, demo_company, fetch_number, fetch_rows, run_command
from tests.history import fixture_changes


@pytest.fixture(scope="module")
def make_demo_output(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Make a small company, which all tests of this module read; return the output of make_demo."""
    with demo_company(django_db_blocker, "demo", *SMALL_COMPANY) as output:
        yield output


@pytest.fixture(autouse=True)
def _company(make_demo_output: str) -> None:
    pass


def _user(login: str) -> User:
    """Return the user with an employee number."""
    return User.objects.get_by_natural_key(login)


def test_size_is_exactly_the_requested_one() -> None:
    assert Customer.objects.count() == 160
    assert Transaction.objects.count() == 5000


def test_output_names_every_part_with_its_rows(make_demo_output: str) -> None:
    lines = make_demo_output.splitlines()
    assert len(lines) == 6
    assert "160" in lines[1]
    assert "5,000" in lines[2]


def test_buyers_have_values_of_every_custom_field_and_prospects_none() -> None:
    fields = custom_fields("customer")
    assert len(fields) == 3
    for customer in Customer.objects.all():
        values = {field.custom_key: field.value_of(customer) for field in fields}
        if customer.stage in PROSPECT_STAGES:
            assert customer.custom_values == {}
        else:
            assert values["leased_lines"] >= 1
            assert (values["renewal_on"] is not None) == (values["contract_type"] == "fixed")


def test_some_customers_and_complaints_have_files_of_kinds_their_names_say() -> None:
    names = {FileKind.PDF: (".pdf",), FileKind.PNG: (".png",), FileKind.TEXT: (".txt", ".csv")}
    files = Attachment.objects.select_related("added_by")
    assert {file.record_type for file in files} == {"customer", "complaint"}
    for file in files:
        assert file.name.endswith(names[FileKind(file.kind)])
        assert Attachment.objects.visible_to(file.added_by).filter(pk=file.pk).exists()
        with open_stored_file(file.stored_name) as content:
            assert sha256(content.read()).hexdigest() == file.sha256
    assert files.visible_to(_user("manager")).exists()


@pytest.mark.parametrize("login", LOGINS)
def test_login_signs_in_through_the_login_page(login: str) -> None:
    browser = Client()
    browser.post("/login/", {"login": login, "password": PASSWORD})
    assert browser.session["_auth_user_id"] == str(_user(login).pk)


def test_all_users_have_the_password() -> None:
    users = User.objects.filter(is_service=False)
    hashes = set(users.values_list("password", flat=True))
    assert [check_password(PASSWORD, text) for text in hashes] == [True]
    assert users.count() > len(LOGINS) + 20


def test_managers_report_to_the_head_and_the_head_to_the_executive() -> None:
    without_superior = User.objects.filter(manager__isnull=True, role__code="account_manager")
    assert not without_superior.exists()
    assert _user("manager").manager == _user("head")
    assert _user("head").manager == _user("executive")


def test_tree_is_seven_levels_deep_below_the_one_root() -> None:
    assert fetch_number("SELECT max(nlevel(path)) FROM accounts_orgunit") == 7
    assert fetch_number("SELECT count(*) FROM accounts_orgunit WHERE parent_id IS NULL") == 1


def test_manager_has_a_portfolio_and_a_pool_in_the_province_of_the_head() -> None:
    manager, head = _user("manager"), _user("head")
    assert Customer.objects.filter(owner=manager).count() == 40
    visible_customers = Customer.objects.visible_to(manager)
    assert visible_customers.filter(owner=None).exists()
    assert not visible_customers.exclude(owner=manager).exclude(owner=None).exists()
    assert set(visible_customers) < set(Customer.objects.visible_to(head))
    assert _user("colleague").unit == manager.unit


def test_stranger_shares_no_customer_with_the_head() -> None:
    visible_customers = Customer.objects.visible_to(_user("stranger"))
    assert visible_customers.exists()
    assert not set(visible_customers) & set(Customer.objects.visible_to(_user("head")))


def test_owner_and_customer_are_in_the_same_unit() -> None:
    assert not fetch_rows(
        "SELECT 1 FROM crm_customer c JOIN accounts_user u ON u.id = c.owner_id"
        " WHERE u.unit_id <> c.unit_id"
    )


def test_names_are_unique_and_shares_are_as_planned() -> None:
    assert fetch_number("SELECT count(DISTINCT name)::int FROM crm_customer") == 160
    assert Customer.objects.filter(owner=None).count() == 16
    assert Customer.objects.filter(parent__isnull=False).exists()
    assert 8 <= Customer.objects.filter(transactions=None).count() <= 35


def test_prospects_have_no_transactions() -> None:
    prospects = Customer.objects.filter(stage__in=["potential", "intending", "prospective"])
    assert prospects.exists()
    assert not Transaction.objects.filter(customer__in=prospects).exists()


def test_transactions_are_within_the_months_and_before_the_as_of_date() -> None:
    ((first, last),) = fetch_rows("SELECT min(occurred_on), max(occurred_on) FROM crm_transaction")
    assert isinstance(first, date)
    assert isinstance(last, date)
    assert date(2024, 4, 1) <= first <= date(2024, 4, 6)
    assert date(2026, 3, 1) <= last <= date(2026, 3, 4)


def test_refunds_are_two_percent_and_nothing_else_is_negative() -> None:
    assert Transaction.objects.filter(kind=TransactionKind.REFUND).count() == 100
    assert (
        not Transaction.objects.filter(amount__lt=0).exclude(kind=TransactionKind.REFUND).exists()
    )


def test_the_month_of_the_spring_festival_has_fewer_orders() -> None:
    before, festival, after = (
        Transaction.objects.filter(
            kind=TransactionKind.ORDER, occurred_on__year=year, occurred_on__month=month
        )
        for year, month in ((2024, 12), (2025, 1), (2025, 3))
    )
    assert before.count() > festival.count() < after.count()


def test_the_top_fifth_of_customers_spends_most() -> None:
    share = fetch_number(
        "WITH s AS (SELECT sum(amount) AS total, percent_rank() OVER (ORDER BY sum(amount) DESC)"
        " AS rank FROM crm_transaction GROUP BY customer_id)"
        " SELECT (100 * sum(total) FILTER (WHERE rank < 0.2) / sum(total))::int FROM s"
    )
    assert 55 <= share <= 95


def test_batches_account_for_every_row() -> None:
    assert not fetch_rows(
        "SELECT 1 FROM crm_importbatch b WHERE kind = 'transactions' AND rows_created <>"
        " (SELECT count(*) FROM crm_transaction t WHERE t.batch_id = b.id)"
    )
    assert sum(ImportBatch.objects.values_list("rows_read", flat=True)) == 160 + 5000


def test_history_has_the_action_that_made_the_customers() -> None:
    assert fetch_rows(
        "SELECT x.metadata->>'action', count(*)::int FROM crm_customerevent e"
        " JOIN pghistory_context x ON x.id = e.pgh_context_id GROUP BY 1"
    ) == [("demo.create", 160)]


def test_transaction_table_has_its_keys_and_indexes() -> None:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "crm_transaction")
    meta = Transaction._meta
    assert {item.name for item in [*meta.constraints, *meta.indexes]} < set(constraints)
    assert fetch_rows(
        "SELECT t.tgenabled::text FROM pg_trigger t"
        " WHERE t.tgrelid = 'crm_transaction'::regclass AND t.tgname LIKE '%check_references%'"
    ) == [("O",), ("O",)]  # enabled, one for INSERT and one for UPDATE
    assert not fetch_rows(
        "SELECT 1 FROM crm_transaction t LEFT JOIN crm_customer c ON c.id = t.customer_id"
        " WHERE c.id IS NULL"
    )
    assert any(constraint["primary_key"] for constraint in constraints.values())


def test_transaction_table_is_vacuumed_for_index_only_scans() -> None:
    assert fetch_number(
        "SELECT count(last_vacuum) FROM pg_stat_user_tables WHERE relname = 'crm_transaction'"
    )


def test_timelines_of_complaints_are_in_order_from_receipt() -> None:
    complaints = Complaint.objects.all()
    assert complaints.open().exists()
    assert complaints.exclude(pk__in=complaints.open()).exists()
    for complaint in complaints.prefetch_related("entries"):
        entries = list(complaint.entries.all())
        assert entries[0].kind == "received"
        assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
        assert complaint.version == len(entries)
    assert complaints.visible_to(_user("agent")).exists()


def test_manager_has_read_and_unread_notices_and_no_consumer_has_events_to_handle() -> None:
    manager = User.objects.get_by_natural_key("manager")
    notices = Notice.objects.visible_to(manager)
    assert notices.unread().count() == 2
    assert notices.count() == 4
    assert not Event.objects.exists()


def test_next_complaint_gets_the_next_number() -> None:
    assert not fetch_rows(
        "SELECT 1 FROM satisfaction_complaintseries s WHERE last <> (SELECT count(*) FROM"
        " satisfaction_complaint WHERE number LIKE 'TS-' || to_char(s.month, 'YYYYMM') || '-%')"
    )


def test_complaint_was_last_changed_by_its_latest_entry() -> None:
    assert not fetch_rows(
        "SELECT 1 FROM satisfaction_complaint c WHERE updated_at <> (SELECT max(at) FROM"
        " satisfaction_complaintentry e WHERE e.complaint_id = c.id)"
    )


def test_demo_logins_prints_a_line_for_each() -> None:
    lines = run_command("demo_logins").splitlines()
    assert len(lines) == 1 + len(LOGINS)
    assert all(
        login in line and PASSWORD in line for login, line in zip(LOGINS, lines[1:], strict=True)
    )


def test_demo_logins_leaves_out_a_user_with_another_password() -> None:
    auditor = _user("auditor")
    original_password = auditor.password
    auditor.password = "!"
    with fixture_changes():
        auditor.save()
    try:
        assert "auditor" not in run_command("demo_logins")
    finally:
        auditor.password = original_password
        with fixture_changes():
            auditor.save()


def test_customers_of_higher_grades_are_contacted_more_often_and_some_are_silent() -> None:
    grades = fetch_rows(
        """SELECT g.code
             FROM crm_customer c JOIN crm_grade g ON g.id = c.grade_id
             LEFT JOIN crm_interaction i ON i.customer_id = c.id
            WHERE g.code IN ('B', 'C', 'D')
            GROUP BY g.code ORDER BY count(i.id)::float / count(DISTINCT c.id) DESC"""
    )
    assert grades == [("B",), ("C",), ("D",)]
    silent = fetch_number(
        """SELECT count(*) FROM crm_customer c
            WHERE NOT EXISTS (SELECT 1 FROM crm_interaction i
                               WHERE i.customer_id = c.id
                                 AND i.occurred_at > (SELECT max(occurred_at) FROM crm_interaction)
                                                     - interval '30 days')"""
    )
    assert 160 // 20 < silent < 160 // 2


def test_interactions_fit_their_customers_and_texts() -> None:
    interactions = list(Interaction.objects.select_related("customer", "user"))
    assert len(interactions) > 3 * 160
    assert any(each.next_step for each in interactions)
    for each in interactions:
        assert each.occurred_at > each.customer.created_at
        assert "{" not in each.content + each.next_step
        assert each.user == each.customer.owner or each.user.role.code == "service_agent"
