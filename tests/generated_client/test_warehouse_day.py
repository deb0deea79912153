"""A data warehouse's day with a generated client: it reads all that the company has.

``C0`` to ``C6`` are customers of Gansu and Hunan; ``C0`` fell silent after regular purchases.
"""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from accounts.models import OrgUnit, User
from crm.models import Category, Customer, Grade, Industry, Source
from crm.services.customer import update_customer
from satisfaction.services.complaint import comment_on_complaint
from tests.cast import Cast
from tests.core.api import new_key
from tests.crm.factories import make_customer
from tests.crm.importing import import_transactions_csv
from tests.generated_client.client import GeneratedClient, model
from tests.generated_client.conftest import Connect
from tests.satisfaction.factories import make_complaint
from tests.segmentation.factories import make_published_run

TODAY = date(2026, 7, 1)


@pytest.fixture
def customers(committed_cast: Cast) -> list[Customer]:
    units = (committed_cast.lanzhou, committed_cast.changsha)
    return [make_customer(units[number % 2], code=f"C{number}") for number in range(7)]


@pytest.fixture
def client(warehouse: User, customers: list[Customer], connect: Connect) -> GeneratedClient:
    return connect(new_key(warehouse))


def test_all_customers_are_read_page_by_page(client: GeneratedClient) -> None:
    pages = list(client.pages("customers", "customers_list", page_size=3))
    assert [len(page) for page in pages] == [3, 3, 1]
    rows = [row for page in pages for row in page]
    assert {row.code for row in rows} == {f"C{number}" for number in range(7)}
    assert {row.stage for row in rows} == {model("CustomerStage").SIGNED}
    assert all(first.id > second.id for first, second in pairwise(rows))


def test_only_what_changed_since_the_last_time_is_read(
    client: GeneratedClient, committed_cast: Cast, customers: list[Customer]
) -> None:
    rows = client.rows("customers", "customers_list", sort="-updated_at")
    last_change = max(row.updated_at for row in rows)
    since = (last_change + timedelta(microseconds=1)).isoformat()
    assert client.rows("customers", "customers_list", updated_at_gte=since) == []
    update_customer(
        customer_id=customers[4].pk, actor=committed_cast.division_admin, version=None, name="新名"
    )
    changed = client.rows("customers", "customers_list", updated_at_gte=since)
    assert [(row.code, row.name, row.version) for row in changed] == [("C4", "新名", 2)]


def test_scores_are_read_of_the_current_run_and_of_a_day(
    client: GeneratedClient, committed_cast: Cast
) -> None:
    days = [date(2025, 9, 1) + timedelta(days=10 * number) for number in range(12)]
    lines = [f"C0,{day},100" for day in days] + ["C2,2026-06-30,7.5"]
    text = "customer,date,amount\n" + "\n".join(lines) + "\n"
    import_transactions_csv(text, committed_cast.division_admin)
    make_published_run(date(2026, 1, 1))
    make_published_run(TODAY)
    current = {row.customer: row for row in client.rows("scores", "scores_list")}
    assert set(current) == {"C0", "C2"}
    assert (current["C0"].as_of, current["C0"].flag) == (TODAY, model("ChurnFlag").VALUE_2)
    assert [reason.code for reason in current["C0"].reasons][:1] == ["silence"]
    assert current["C0"].reasons[0].text.startswith("Silent for")
    earlier = client.rows("scores", "scores_list", as_of=date(2026, 1, 1), customer=["C0"])
    assert [(row.as_of, row.flag, row.reasons) for row in earlier] == [
        (date(2026, 1, 1), model("ChurnFlag").VALUE_0, [])
    ]
    flagged = client.rows("customers", "customers_list", flag=["2"])
    assert [row.code for row in flagged] == ["C0"]
    runs = client.rows("scoring_runs", "scoring_runs_list")
    assert [run.as_of for run in runs] == [TODAY, date(2026, 1, 1)]


def test_complaints_are_read_with_their_timelines(
    client: GeneratedClient, committed_cast: Cast, customers: list[Customer]
) -> None:
    head = committed_cast.head
    for customer in customers[:3:2]:
        make_complaint(customer, actor=head, title=customer.code)
    closed = make_complaint(customers[4], actor=head, closed=True)
    comment_on_complaint(complaint_id=closed.pk, text="谢谢", actor=head)
    rows = client.rows("complaints", "complaints_list", page_size=2)
    assert [row.customer for row in rows] == ["C4", "C2", "C0"]
    is_open = client.rows("complaints", "complaints_list", state_not=["closed"])
    assert [row.customer for row in is_open] == ["C2", "C0"]
    since = (max(row.updated_at for row in rows) + timedelta(microseconds=1)).isoformat()
    assert client.rows("complaints", "complaints_list", updated_at_gte=since) == []
    comment_on_complaint(complaint_id=rows[-1].id, text="已联系客户", actor=head)
    changed = client.rows("complaints", "complaints_list", updated_at_gte=since)
    assert [(row.customer, row.version) for row in changed] == [("C0", 2)]
    complaint = client.call("complaints", "complaints_read_by_number", closed.number).parsed
    assert complaint.state == model("ComplaintState").CLOSED
    assert [(entry.kind, entry.author) for entry in complaint.timeline] == [
        (kind, "head") for kind in ("received", "closed", "comment")
    ]


def test_units_users_and_reference_lists_resolve_all_keys(
    client: GeneratedClient, committed_cast: Cast, customers: list[Customer]
) -> None:
    units = client.rows("units", "units_list", page_size=2)
    parents = {unit.code: unit.parent for unit in units}
    assert len(parents) == OrgUnit.objects.count()
    assert [code for code, parent in parents.items() if parent is None] == [
        committed_cast.head_office.code
    ]
    assert set(parents.values()) - {None} <= set(parents)
    users = client.rows("users", "users_list", page_size=5)
    assert len(users) == User.objects.count()
    assert {user.unit for user in users} <= set(parents)
    assert {row.unit for row in client.rows("customers", "customers_list")} <= set(parents)
    for tag, model_class in (
        ("industries", Industry), ("sources", Source), ("categories", Category), ("grades", Grade),
    ):  # fmt: skip
        entries = client.rows(tag, f"{tag}_list", page_size=20)
        codes = set(model_class._default_manager.values_list("code", flat=True))
        assert {entry.code for entry in entries} == codes
    assert client.rows("billing_systems", "billing_systems_list", is_active="true")
