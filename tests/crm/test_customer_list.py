"""The customer list: visibility, search, filters, sorting, pages and number of queries."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.db import connection
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Concat
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.permissions import Permission
from core.fields.kinds import Text
from core.listing.comparisons import Column, exact_comparisons
from core.listing.declarations import ListColumn, ListPart, Sort
from core.listing.filters import ListFilter
from crm import composition
from crm.models import Customer, Grade, Industry
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer
from tests.history import fixture_changes

# Session, user, saved views, custom fields, current run (twice), options of four filters,
# statistics of the search, grades in order, ids, ids without a grade, rows, count, bell, jobs.
MAX_QUERIES = 18


def listed_codes(client: Client, **parameters: str) -> list[str]:
    """Return the codes of the customers in the list, in order."""
    response = client.get(reverse("customers"), parameters)
    assert response.status_code == 200
    return [customer.code for customer, _cells in response.context["list"].rows]


@pytest.fixture
def cast_with_customers(cast: Cast) -> Cast:
    """The cast, with customers that are owned, in the public pool, or of another division.

    MINE is the manager's, HIS the colleague's, POOL and TS are in the public pools of Lanzhou and
    Tianshui, and CS is the stranger's.
    """
    make_customer(cast.lanzhou, code="MINE", name="兰州华天科技", owner=cast.manager)
    make_customer(cast.lanzhou, code="HIS", name="兰州铁路", owner=cast.colleague)
    make_customer(cast.lanzhou, code="POOL", name="兰州自来水")
    make_customer(cast.tianshui, code="TS", name="天水电力")
    make_customer(cast.changsha, code="CS", name="长沙远大", owner=cast.stranger)
    return cast


@pytest.mark.parametrize(
    ("user_name", "codes"),
    [
        ("manager", ["MINE", "POOL"]),
        ("colleague", ["HIS", "POOL"]),
        ("head", ["HIS", "MINE", "POOL", "TS"]),
        ("agent", ["HIS", "MINE", "POOL", "TS"]),
        ("other_head", ["CS"]),
        ("executive", ["CS", "HIS", "MINE", "POOL", "TS"]),
    ],
)
def test_list_shows_the_customers_the_user_sees(
    cast_with_customers: Cast, login: Login, user_name: str, codes: list[str]
) -> None:
    assert listed_codes(login(getattr(cast_with_customers, user_name))) == codes


def test_list_names_nothing_of_another_division(cast_with_customers: Cast, login: Login) -> None:
    page = login(cast_with_customers.stranger).get(reverse("customers")).content.decode()
    assert "长沙远大" in page
    for hidden in ("华天", "Mia Manager", "兰州", "GSLZ"):
        assert hidden not in page


@pytest.mark.parametrize(
    ("parameters", "codes"),
    [
        ({"q": "兰州"}, ["HIS", "MINE", "POOL"]),
        ({"q": "兰州 科技"}, ["MINE"]),
        ({"q": "mine"}, ["MINE"]),
        ({"q": "100%"}, []),
        ({"q": "\0"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"owner": "none"}, ["POOL", "TS"]),
        ({"owner": "manager"}, ["MINE"]),
        ({"owner": "mine"}, []),
        ({"owner": "stranger"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"unit": "GSTS"}, ["TS"]),
        ({"unit": "GS"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"unit": "HNCS"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"stage": "signed", "unit": "GSTS"}, ["TS"]),
        ({"stage": "lost"}, []),
        ({"stage": "nonsense"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"after": "x"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"stage__not": "signed"}, []),
        ({"owner__not": "none"}, ["HIS", "MINE"]),
        ({"where": "any(unit=GSTS;owner=manager)"}, ["MINE", "TS"]),
        ({"where": "any(unit=GSTS"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"updated_at__period": "today"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"updated_at__period": "before_last_1_day"}, []),
        ({"sort": "drop table"}, ["HIS", "MINE", "POOL", "TS"]),
        ({"sort": "-code"}, ["TS", "POOL", "MINE", "HIS"]),
    ],
)
def test_search_filters_and_sorting_of_a_head(
    cast_with_customers: Cast, login: Login, parameters: dict[str, str], codes: list[str]
) -> None:
    assert listed_codes(login(cast_with_customers.head), **parameters) == codes


def test_industry_filter_of_a_section_includes_its_divisions(cast: Cast, login: Login) -> None:
    section = Industry.objects.get(code="I")
    division = Industry.objects.filter(parent=section)[0]
    for code, industry in {"S": section, "D": division, "N": None}.items():
        with fixture_changes():
            Customer.objects.filter(pk=make_customer(cast.lanzhou, code=code).pk).update(
                industry=industry
            )
    client = login(cast.head)
    assert listed_codes(client, industry="I") == ["D", "S"]
    assert listed_codes(client, industry=division.code) == ["D"]


def test_sorting_by_grade_puts_the_best_first_and_ungraded_customers_last(
    cast: Cast, login: Login
) -> None:
    for code, grade in {"LOW": "D", "NONE": "", "TOP": "AA"}.items():
        customer = make_customer(cast.lanzhou, code=code)
        with fixture_changes():
            Customer.objects.filter(pk=customer.pk).update(
                grade=Grade.objects.filter(code=grade).first()
            )
    client = login(cast.head)
    assert listed_codes(client, sort="grade") == ["TOP", "LOW", "NONE"]
    assert listed_codes(client, sort="-grade") == ["LOW", "TOP", "NONE"]
    assert listed_codes(client, grade="AA") == ["TOP"]
    assert listed_codes(client, grade="none") == ["NONE"]


def test_list_is_paged_in_both_directions_and_shows_the_total(cast: Cast, login: Login) -> None:
    for number in range(103):
        make_customer(cast.lanzhou, code=f"P{number:03}")
    codes = [f"P{number:03}" for number in range(103)]
    client = login(cast.head)
    first = client.get(reverse("customers")).context["list"]
    assert (first.count_text, first.range_text) == ("103", "1–50 of 103")
    assert first.first_url == first.previous_url == ""
    second = client.get(first.next_url).context["list"]
    assert [row.code for row, _cells in second.rows] == codes[50:100]
    assert second.range_text == "51–100 of 103"
    third = client.get(second.next_url).context["list"]
    assert [row.code for row, _cells in third.rows] == codes[100:]
    assert third.next_url == third.last_url == ""
    back = client.get(third.previous_url).context["list"]
    assert [row.code for row, _cells in back.rows] == codes[50:100]
    assert back.range_text == "51–100 of 103"
    last = client.get(first.last_url).context["list"]
    assert [row.code for row, _cells in last.rows] == codes[53:]
    assert last.range_text == "54–103 of 103"
    assert client.get(last.first_url).context["list"].rows[0][0].code == "P000"


def test_list_says_what_it_knows_when_counting_is_slow(
    cast: Cast, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(103):
        make_customer(cast.lanzhou, code=f"P{number:03}")
    monkeypatch.setattr("core.listing.page.count_rows_quickly", lambda _rows: None)
    client = login(cast.head)
    first = client.get(reverse("customers")).context["list"]
    assert (first.count_text, first.range_text) == ("50+", "1–50 of more than 50")
    assert first.last_url == ""
    second = client.get(first.next_url).context["list"]
    assert (second.count_text, second.range_text) == ("100+", "51–100 of more than 100")
    third = client.get(second.next_url).context["list"]
    assert (third.count_text, third.range_text) == ("103", "101–103 of 103")


def test_position_of_another_order_shows_the_first_page(cast: Cast, login: Login) -> None:
    for number in range(53):
        make_customer(cast.lanzhou, code=f"P{number:02}")
    client = login(cast.head)
    by_code = client.get(reverse("customers")).context["list"]
    position = parse_qs(urlsplit(by_code.next_url).query)["after"][0]
    assert listed_codes(client, after=position) == ["P50", "P51", "P52"]
    assert listed_codes(client, after=position, sort="-code")[0] == "P52"


def test_empty_list_links_to_the_form_for_users_who_may_create_customers(
    cast: Cast, login: Login
) -> None:
    new_url = reverse("customer_new")
    for user, has_link in {cast.manager: True, cast.agent: False}.items():
        page = login(user).get(reverse("customers")).content.decode()
        assert "No customers yet" in page
        assert (f'href="{new_url}"' in page) is has_link


def test_list_without_matches_shows_the_active_filters_with_links_to_remove_them(
    cast_with_customers: Cast, login: Login
) -> None:
    page = login(cast_with_customers.head).get(reverse("customers"), {"q": "没有", "stage": "lost"})
    assert "No customer matches" in page.content.decode()
    assert [(item.label, item.value) for item in page.context["list"].active_filters] == [
        ("Search", "没有"),
        ("Stage", "Lost"),
    ]
    assert [item.url for item in page.context["list"].active_filters] == [
        "/customers/?stage=lost",
        "/customers/?q=%E6%B2%A1%E6%9C%89",
    ]


def test_htmx_request_gets_only_the_results_and_a_url_without_blank_parameters(
    cast_with_customers: Cast, login: Login
) -> None:
    response = login(cast_with_customers.head).get(
        reverse("customers"),
        {"q": "天水", "stage": "", "sort": "code"},
        headers={"HX-Request": "true", "HX-Target": "list-results"},
    )
    text = response.content.decode()
    assert "<html" not in text
    assert "天水电力" in text
    assert response["HX-Push-Url"] == "/customers/?q=%E5%A4%A9%E6%B0%B4"
    assert "HX-Target" in response["Vary"]


def test_htmx_request_of_the_browser_history_gets_the_whole_page(
    cast_with_customers: Cast, login: Login
) -> None:
    headers = {
        "HX-Request": "true",
        "HX-Target": "list-results",
        "HX-History-Restore-Request": "true",
    }
    response = login(cast_with_customers.head).get(reverse("customers"), headers=headers)
    assert "<html" in response.content.decode()


def count_queries(client: Client, parameters: Mapping[str, str]) -> int:
    """Count the queries of one response, including those of the template."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse("customers"), parameters).status_code == 200
    return len(captured)


@pytest.mark.parametrize("parameters", [{}, {"q": "科技", "sort": "-grade", "owner": "none"}])
def test_list_has_a_constant_number_of_queries(
    cast: Cast, login: Login, parameters: dict[str, str]
) -> None:
    grade, industry = Grade.objects.all()[0], Industry.objects.all()[0]

    def add_customers(number: int) -> None:
        for _ in range(number):
            make_customer(cast.lanzhou)
        with fixture_changes():
            Customer.objects.update(grade=grade, industry=industry)

    client = login(cast.head)
    add_customers(2)
    query_count = count_queries(client, parameters)
    add_customers(18)
    assert count_queries(client, parameters) == query_count <= MAX_QUERIES


class MarkedCode(ListPart):
    """A part like those of other apps: the code with a prefix, as a column and a filter."""

    slug = "marked-code"
    permission = Permission.SCORE_VIEW
    columns = (
        ListColumn("mark", "Mark", lambda row, _user: row.mark, "tests/mark.html", Sort(("mark",))),
    )
    filters = (ListFilter("marked", "Marked", exact_comparisons(Column("mark", Text()))),)

    def annotate(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Add ``mark``, the code with a prefix."""
        marked: QuerySet[Any] = rows.annotate(
            mark=Concat(Value("x-"), "code", output_field=CharField())
        )
        return marked


@pytest.fixture
def list_part(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """Configure MarkedCode as the only part of the list."""
    settings.CUSTOMER_LIST_PARTS = [f"{__name__}.MarkedCode"]
    settings.TEMPLATES = [
        dict(
            settings.TEMPLATES[0],
            OPTIONS=settings.TEMPLATES[0]["OPTIONS"]
            | {
                "loaders": [
                    *settings.TEMPLATES[0]["OPTIONS"]["loaders"],
                    (
                        "django.template.loaders.locmem.Loader",
                        {"tests/mark.html": "<b>{{ row.mark }}</b>"},
                    ),
                ]
            },
        )
    ]
    composition.customer_list_parts.cache_clear()
    yield
    composition.customer_list_parts.cache_clear()


@pytest.mark.usefixtures("list_part")
def test_list_part_adds_a_column_a_filter_and_an_order(
    cast_with_customers: Cast, login: Login
) -> None:
    client = login(cast_with_customers.head)
    assert "<b>x-HIS</b>" in client.get(reverse("customers")).content.decode()
    assert listed_codes(client, marked="x-TS") == ["TS"]
    assert listed_codes(client, sort="-mark") == ["TS", "POOL", "MINE", "HIS"]


@pytest.mark.usefixtures("list_part")
def test_list_part_is_hidden_without_the_permission(
    cast_with_customers: Cast, login: Login
) -> None:
    role = cast_with_customers.head.role
    role.permissions = [
        permission for permission in role.permissions if permission != Permission.SCORE_VIEW
    ]
    with fixture_changes():
        role.save()
    client = login(cast_with_customers.head)
    assert "x-HIS" not in client.get(reverse("customers")).content.decode()
    assert listed_codes(client, marked="x-TS") == ["HIS", "MINE", "POOL", "TS"]


def test_part_of_the_address_that_is_left_out_is_named(
    cast_with_customers: Cast, login: Login
) -> None:
    parameters = {"colour": "red", "stage": "nonsense", "unit": "HNCS", "sort": "colour"}
    response = login(cast_with_customers.head).get(reverse("customers"), parameters)
    named = [problem.name for problem in response.context["list"].problems]
    assert named == ["colour", "stage", "sort", "unit"]
    page = response.content.decode()
    assert "Left out: stage." in page
    assert "Changsha" not in page


def test_several_values_of_a_filter_are_alternatives(
    cast_with_customers: Cast, login: Login
) -> None:
    client = login(cast_with_customers.head)
    with fixture_changes():
        Customer.objects.filter(code__in=["HIS", "POOL"]).update(stage="partner")
        Customer.objects.filter(code="MINE").update(stage="lost")
    response = client.get(reverse("customers"), {"stage": ["signed", "lost"]})
    assert [row.code for row, _cells in response.context["list"].rows] == ["MINE", "TS"]
    [chip] = response.context["list"].active_filters
    assert (chip.label, chip.value) == ("Stage", "Signed, Lost")
    [stage] = [each for each in response.context["list"].controls if each.key == "stage"]
    [lost] = [link for link in stage.links if link.label == "Lost"]
    assert (lost.is_selected, lost.url) == (True, "/customers/?stage=signed")


@pytest.mark.parametrize("user_name", ["manager", "colleague", "head", "agent", "executive"])
def test_branches_of_the_order_by_code_divide_what_the_user_sees(
    cast_with_customers: Cast, login: Login, user_name: str
) -> None:
    user = getattr(cast_with_customers, user_name)
    visible = Customer.objects.visible_to(user)
    branches = Customer.visibility_branches(user)
    found = [
        pk for branch in branches for pk in visible.filter(branch).values_list("pk", flat=True)
    ]
    assert sorted(found) == sorted(visible.values_list("pk", flat=True) if branches else [])
    codes = sorted(visible.values_list("code", flat=True))
    assert listed_codes(login(user)) == codes
    assert listed_codes(login(user), sort="-code") == codes[::-1]


def test_pages_of_a_head_merge_the_units_in_order(cast: Cast, login: Login) -> None:
    for number in range(60):
        make_customer((cast.lanzhou, cast.tianshui)[number % 2], code=f"P{number:02}")
    codes = [f"P{number:02}" for number in range(60)]
    client = login(cast.head)
    first = client.get(reverse("customers")).context["list"]
    second = client.get(first.next_url).context["list"]
    rows = [*first.rows, *second.rows]
    assert [row.code for row, _cells in rows] == codes
    back = client.get(second.previous_url).context["list"]
    assert [row.code for row, _cells in back.rows] == codes[:50]


def test_page_whose_rows_are_gone_shows_its_neighbour(cast: Cast, login: Login) -> None:
    for number in range(51):
        make_customer(cast.lanzhou, code=f"P{number:02}")
    client = login(cast.head)
    first = client.get(reverse("customers")).context["list"]
    with fixture_changes():
        Customer.objects.filter(code="P50").delete()
    shown = client.get(first.next_url).context["list"]
    assert [row.code for row, _cells in shown.rows] == [f"P{number:02}" for number in range(50)]


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("stage=signed&where=stage=lost", "stage=signed&where=all(stage=lost)"),
        ("where=stage=lost;stage=signed", "stage=lost&where=all(stage=signed)"),
        ("updated_at__gte=2026-01-01&updated_at__gte=2026-02-01", "updated_at__gte=2026-02-01"),
        ("stage=+signed+&stage=lost", "stage=signed&stage=lost"),
        ("sort=-name&q=+a++b+", "q=a+b&sort=-name"),
    ],
)
def test_address_is_written_with_the_same_meaning(
    cast_with_customers: Cast, login: Login, address: str, written: str
) -> None:
    client = login(cast_with_customers.head)
    shown = client.get(f"/customers/?{address}").context["list"]
    assert unquote(shown.current_url) == f"/customers/?{written}"
    again = client.get(shown.current_url).context["list"]
    assert (again.query, again.page.ids) == (shown.query, shown.page.ids)


def test_time_that_cannot_be_shown_is_refused(cast_with_customers: Cast, login: Login) -> None:
    client = login(cast_with_customers.head)
    for text in ("9999-12-31T23:59Z", "0001-01-01T00:00+14:00"):
        shown = client.get(reverse("customers"), {"updated_at__lte": text}).context["list"]
        assert [problem.name for problem in shown.problems] == ["updated_at__lte"]


def test_options_of_a_filter_are_searched(cast_with_customers: Cast, login: Login) -> None:
    client = login(cast_with_customers.head)
    url = reverse("list_options", args=["customers", "owner"])

    def found(text: str) -> list[str]:
        return [option["value"] for option in client.get(url, {"q": text}).json()]

    assert found("")[:2] == ["mine", "none"]
    assert found("mia") == ["manager"]
    assert found("stan") == []  # of another division
    for name, key in [("customers", "stage"), ("customers", "nothing"), ("nothing", "owner")]:
        assert client.get(reverse("list_options", args=[name, key])).status_code == 404


def test_public_pool_is_read_from_its_index(cast: Cast) -> None:
    for _ in range(3):
        make_customer(cast.lanzhou)
    for _ in range(60):
        make_customer(cast.lanzhou, owner=cast.manager)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE crm_customer")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    pool = Customer.objects.filter(owner=None, unit=cast.lanzhou).order_by("-pk")
    assert "crm_customer_pool" in pool[:100].explain()
