"""The customer list: who sees whom, searching, narrowing, sorting, pages, and what it costs."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField, Value
from django.db.models.functions import Concat
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from crm import composition
from crm.composition import CustomerListPart, ListColumn, ListFilter
from crm.models import Customer, Grade, Industry
from crm.models.customer import CustomerQuerySet
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.history import fixture_changes

Login = Callable[[User], Client]


def found(client: Client, **asked: str) -> list[str]:
    """Return the codes the list shows, in order."""
    response = client.get(reverse("customers"), asked)
    assert response.status_code == 200
    return [customer.code for customer in response.context["customers"]]


@pytest.fixture
def people(cast: Cast) -> Cast:
    """The cast with a customer each."""
    make_customer(cast.lanzhou, code="MINE", name="兰州华天科技", owner=cast.manager)
    make_customer(cast.lanzhou, code="HIS", name="兰州铁路", owner=cast.colleague)
    make_customer(cast.lanzhou, code="POOL", name="兰州自来水")
    make_customer(cast.tianshui, code="TS", name="天水电力")
    make_customer(cast.changsha, code="CS", name="长沙远大", owner=cast.stranger)
    return cast


@pytest.mark.parametrize(
    ("who", "codes"),
    [
        ("manager", ["MINE", "POOL"]),
        ("colleague", ["HIS", "POOL"]),
        ("head", ["HIS", "MINE", "POOL", "TS"]),
        ("agent", ["HIS", "MINE", "POOL", "TS"]),
        ("other_head", ["CS"]),
        ("executive", ["CS", "HIS", "MINE", "POOL", "TS"]),
    ],
)
def test_list_shows_each_what_lies_in_their_scope(
    people: Cast, login: Login, who: str, codes: list[str]
) -> None:
    assert found(login(getattr(people, who))) == codes


def test_list_of_a_stranger_names_nobody_of_another_division(people: Cast, login: Login) -> None:
    page = login(people.stranger).get(reverse("customers")).content.decode()
    assert "长沙远大" in page
    for hidden in ("华天", "Mia Manager", "兰州", "GSLZ"):
        assert hidden not in page


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ({"q": "兰州"}, ["HIS", "MINE", "POOL"]),
        ({"q": "兰州 科技"}, ["MINE"]),
        ({"q": "mine"}, ["MINE"]),
        ({"q": "100%"}, []),
        ({"q": "\0"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"owner": "pool"}, ["POOL", "TS"]),
        ({"owner": "manager"}, ["MINE"]),
        ({"owner": "mine"}, []),
        ({"owner": "stranger"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"unit": "GSTS"}, ["TS"]),
        ({"unit": "GS"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"unit": "HNCS"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"stage": "signed", "unit": "GSTS"}, ["TS"]),
        ({"stage": "lost"}, []),
        ({"stage": "nonsense"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"page": "99"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"page": "x"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"sort": "drop table"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"sort": "-code"}, ["TS", "POOL", "MINE", "HIS"]),
    ],
)
def test_list_narrowed_by_a_head(
    people: Cast, login: Login, asked: dict[str, str], codes: list[str]
) -> None:
    assert found(login(people.head), **asked) == codes


def test_list_by_industry_takes_a_section_with_all_its_divisions(cast: Cast, login: Login) -> None:
    section = Industry.objects.get(code="I")
    division = Industry.objects.filter(parent=section)[0]
    for code, industry in {"S": section, "D": division, "N": None}.items():
        with fixture_changes():
            Customer.objects.filter(pk=make_customer(cast.lanzhou, code=code).pk).update(
                industry=industry
            )
    client = login(cast.head)
    assert found(client, industry="I") == ["D", "S"]
    assert found(client, industry=division.code) == ["D"]


def test_list_sorted_by_grade_puts_the_best_first_and_the_ungraded_last(
    cast: Cast, login: Login
) -> None:
    for code, grade in {"LOW": "D", "NONE": "", "TOP": "AA"}.items():
        customer = make_customer(cast.lanzhou, code=code)
        with fixture_changes():
            Customer.objects.filter(pk=customer.pk).update(
                grade=Grade.objects.filter(code=grade).first()
            )
    client = login(cast.head)
    assert found(client, sort="grade") == ["TOP", "LOW", "NONE"]
    assert found(client, sort="-grade") == ["LOW", "TOP", "NONE"]
    assert found(client, grade="AA") == ["TOP"]
    assert found(client, grade="none") == ["NONE"]


def test_list_of_many_is_paged_with_the_number_of_all(cast: Cast, login: Login) -> None:
    for number in range(53):
        make_customer(cast.lanzhou, code=f"P{number:02}")
    client = login(cast.head)
    assert found(client, page="2") == ["P50", "P51", "P52"]
    page = client.get(reverse("customers")).context["page"]
    assert (page.paginator.count, page.paginator.num_pages) == (53, 2)


def test_list_without_customers_offers_the_first_step_to_those_who_may(
    cast: Cast, login: Login
) -> None:
    new = reverse("customer_new")
    for who, offered in {cast.manager: True, cast.agent: False}.items():
        page = login(who).get(reverse("customers")).content.decode()
        assert "No customers yet" in page
        assert (f'href="{new}"' in page) is offered


def test_list_without_matches_offers_the_way_back(people: Cast, login: Login) -> None:
    page = login(people.head).get(reverse("customers"), {"q": "没有", "stage": "lost"})
    assert "No customer matches" in page.content.decode()
    assert [(chip.label, chip.value) for chip in page.context["chips"]] == [
        ("Search", "没有"),
        ("Stage", "Lost"),
    ]
    assert [chip.url for chip in page.context["chips"]] == [
        "/customers/?stage=lost",
        "/customers/?q=%E6%B2%A1%E6%9C%89",
    ]


def test_list_asked_for_by_htmx_answers_with_the_results_and_the_clean_address(
    people: Cast, login: Login
) -> None:
    answer = login(people.head).get(
        reverse("customers"),
        {"q": "天水", "stage": "", "sort": "code"},
        headers={"HX-Request": "true", "HX-Target": "customer-results"},
    )
    text = answer.content.decode()
    assert "<html" not in text
    assert "天水电力" in text
    assert answer["HX-Push-Url"] == "/customers/?q=%E5%A4%A9%E6%B0%B4"
    assert "HX-Target" in answer["Vary"]


def test_list_brought_back_from_the_browser_s_history_is_a_whole_page(
    people: Cast, login: Login
) -> None:
    headers = {
        "HX-Request": "true",
        "HX-Target": "customer-results",
        "HX-History-Restore-Request": "true",
    }
    answer = login(people.head).get(reverse("customers"), headers=headers)
    assert "<html" in answer.content.decode()


def queries(client: Client, asked: Mapping[str, str]) -> int:
    """Count the queries of one answer, drawing included."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(reverse("customers"), asked).status_code == 200
    return len(captured)


@pytest.mark.parametrize("asked", [{}, {"q": "科技", "sort": "-grade", "owner": "pool"}])
def test_list_takes_as_many_queries_for_20_customers_as_for_2(
    cast: Cast, login: Login, asked: dict[str, str]
) -> None:
    grade, industry = Grade.objects.all()[0], Industry.objects.all()[0]

    def add(number: int) -> None:
        for _ in range(number):
            make_customer(cast.lanzhou)
        with fixture_changes():
            Customer.objects.update(grade=grade, industry=industry)

    client = login(cast.head)
    add(2)
    few = queries(client, asked)
    add(18)
    assert queries(client, asked) == few <= 13


class Initials(CustomerListPart):
    """A part another app might add: the code with a mark, to see, to sort and to narrow by."""

    slug = "initials"
    permission = Permission.SCORE_VIEW
    columns = (ListColumn("mark", "Mark", "tests/mark.html", "mark"),)
    filters = (ListFilter("marked", "Marked", "mark", lambda: [("x-HIS", "His"), ("x-TS", "Ts")]),)

    def annotate(self, customers: CustomerQuerySet) -> CustomerQuerySet:
        """Add the mark."""
        return customers.annotate(mark=Concat(Value("x-"), "code", output_field=CharField()))


@pytest.fixture
def list_part(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """The list as it is with one part and no other."""
    settings.CUSTOMER_LIST_PARTS = [f"{__name__}.Initials"]
    settings.TEMPLATES = [
        dict(
            settings.TEMPLATES[0],
            OPTIONS=settings.TEMPLATES[0]["OPTIONS"]
            | {
                "loaders": [
                    *settings.TEMPLATES[0]["OPTIONS"]["loaders"],
                    (
                        "django.template.loaders.locmem.Loader",
                        {"tests/mark.html": "<b>{{ customer.mark }}</b>"},
                    ),
                ]
            },
        )
    ]
    composition.customer_list_parts.cache_clear()
    yield
    composition.customer_list_parts.cache_clear()


@pytest.mark.usefixtures("list_part")
def test_list_part_adds_its_column_filter_and_order(people: Cast, login: Login) -> None:
    client = login(people.head)
    assert "<b>x-HIS</b>" in client.get(reverse("customers")).content.decode()
    assert found(client, marked="x-TS") == ["TS"]
    assert found(client, sort="-mark") == ["TS", "POOL", "MINE", "HIS"]


@pytest.mark.usefixtures("list_part")
def test_list_part_without_the_permission_is_not_offered(people: Cast, login: Login) -> None:
    role = people.head.role
    role.permissions = [each for each in role.permissions if each != Permission.SCORE_VIEW]
    with fixture_changes():
        role.save()
    client = login(people.head)
    assert "x-HIS" not in client.get(reverse("customers")).content.decode()
    assert found(client, marked="x-TS") == ["HIS", "MINE", "POOL", "TS"]
