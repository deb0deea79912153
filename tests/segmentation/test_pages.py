"""Pages, panel, widget and list columns of scoring: what each user sees, with how many queries."""

from collections import Counter
from dataclasses import astuple
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User
from core.pages import AuthedRequest
from crm.models import Customer
from crm.models.customer import CustomerQuerySet
from segmentation.columns import WorthColumns
from segmentation.models import ScoringRun
from segmentation.panels import NewFlags, Worth
from segmentation.reasons import reason_sentences
from segmentation.selectors import current_run, score_groups, visible_scores
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_batch, make_customer, make_transaction
from tests.history import fixture_changes
from tests.segmentation.factories import execute_run, make_published_run, make_queued_run

TODAY = date(2026, 7, 1)
QUIET = "Quiet & Co"


def request_of(user: User) -> AuthedRequest:
    request = AuthedRequest()
    request.user = user
    return request


@pytest.fixture
def silent_customer(cast: Cast) -> Customer:
    """A customer of the manager who used to buy every 30 days and stopped 95 days ago."""
    customer = make_customer(cast.lanzhou, owner=cast.manager, name=QUIET)
    batch = make_batch(cast.sysadmin)
    for days in (185, 155, 125, 95):
        make_transaction(customer, on=TODAY - timedelta(days=days), amount="1000.00", batch=batch)
    return customer


def make_regular_customers(cast: Cast, number: int) -> None:
    """Make that many customers each for the manager and for the stranger, all buying monthly."""
    batch = make_batch(cast.sysadmin)
    for n in range(number):
        for unit, owner in ((cast.lanzhou, cast.manager), (cast.changsha, cast.stranger)):
            customer = make_customer(unit, owner=owner)
            for month in range(1, 5):
                day = TODAY - timedelta(days=30 * month - 20)
                make_transaction(customer, on=day, amount=f"{n + 1}00.00", batch=batch)


# --- runs -----------------------------------------------------------------------------------------


def test_run_pages_need_the_permission_to_see_runs(cast: Cast, login: Login) -> None:
    run = make_published_run(TODAY)
    for url in (reverse("runs"), reverse("run", args=[run.pk])):
        assert login(cast.auditor).get(url).status_code == 200
        assert login(cast.manager).get(url).status_code == 403


def test_unknown_run_answers_404(cast: Cast, login: Login) -> None:
    assert login(cast.auditor).get(reverse("run", args=[987654321])).status_code == 404


def test_starting_a_run_needs_its_permission(cast: Cast, login: Login) -> None:
    response = login(cast.auditor).post(reverse("runs"), {"as_of": "2026-07-01"})

    assert response.status_code == 403
    assert not ScoringRun.objects.exists()


def test_run_started_in_the_browser_is_queued_and_shown(cast: Cast, login: Login) -> None:
    response = login(cast.sysadmin).post(reverse("runs"), {"as_of": "2026-07-01"})

    run = ScoringRun.objects.get()
    assert response.headers["Location"] == reverse("run", args=[run.pk])
    assert (run.as_of, run.requested_by, run.channel) == (TODAY, cast.sysadmin, "browser")


def test_second_run_started_in_the_browser_is_refused_with_a_message(
    cast: Cast, login: Login
) -> None:
    client = login(cast.sysadmin)
    client.post(reverse("runs"), {"as_of": "2026-07-01"})
    response = client.post(reverse("runs"), {"as_of": "2026-07-01"}, follow=True)

    assert "under way" in response.content.decode()
    assert ScoringRun.objects.count() == 1


@pytest.mark.parametrize("as_of", ["", "yesterday", "2999-01-01"])
def test_invalid_day_is_refused_with_an_error_at_the_field(
    cast: Cast, login: Login, as_of: str
) -> None:
    response = login(cast.sysadmin).post(reverse("runs"), {"as_of": as_of})

    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"as_of"}


def test_run_pages_poll_only_while_a_run_is_active(cast: Cast, login: Login) -> None:
    client = login(cast.sysadmin)
    run = make_queued_run(TODAY)
    pages = [reverse("runs"), reverse("run", args=[run.pk])]

    for url in pages:
        assert b'hx-trigger="every' in client.get(url).content
    execute_run(run)
    headers = {
        "HX-Request": "true", "HX-Target": "list-results", "HX-Trigger": "list-refresh",
    }  # fmt: skip
    for url in pages:
        response = client.get(url, headers=headers)
        assert b'hx-trigger="every' not in response.content
        assert b"<html" not in response.content
        assert "HX-Push-Url" not in response  # each refresh would become an entry of the history


def test_run_list_has_no_search(cast: Cast, login: Login) -> None:
    shown = login(cast.sysadmin).get(reverse("runs"), {"q": "x"}).context["list"]
    assert [problem.name for problem in shown.problems] == ["q"]
    assert not shown.query.is_restricted


@pytest.mark.parametrize("runs", [2, 20])
def test_run_list_takes_few_queries(
    cast: Cast,
    login: Login,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    runs: int,
) -> None:
    for days in range(runs):
        make_published_run(TODAY - timedelta(days=days))
    client = login(cast.sysadmin)
    with django_assert_max_num_queries(9):
        client.get(reverse("runs"))


# --- overview ------------------------------------------------------------------------------------


def test_overview_counts_only_customers_the_user_may_see(
    cast: Cast, login: Login, silent_customer: Customer
) -> None:
    make_regular_customers(cast, 3)
    make_published_run(TODAY)

    def totals(user: User) -> tuple[int, Decimal]:
        total = login(user).get(reverse("segments")).context["total"]
        return total.customers, total.revenue

    # The silent customer bought for 4 × 1000; each of three regular ones 4 times 100, 200 or 300.
    assert totals(cast.executive) == (7, Decimal(4000 + 2 * 4 * 600))
    assert totals(cast.manager) == (4, Decimal(4000 + 4 * 600))
    assert totals(cast.stranger) == (3, Decimal(4 * 600))
    assert login(cast.colleague).get(reverse("segments")).status_code == 200


def test_overview_adds_up_the_scores_that_the_user_sees(
    cast: Cast, silent_customer: Customer
) -> None:
    make_regular_customers(cast, 6)
    run = make_published_run(TODAY)
    for user in (cast.executive, cast.head, cast.manager, cast.stranger):
        scores = visible_scores(user, run)
        keys = ("r", "f", "m", "segment_cn", "segment_intl", "churn_level")
        expected = Counter(scores.values_list(*keys))
        groups = score_groups(user, run)
        assert {astuple(group)[:6]: group.customers for group in groups} == expected
        assert sum(group.revenue for group in groups) == sum(score.monetary for score in scores)


def test_overview_of_units_counts_a_customer_where_the_run_found_them(
    cast: Cast, silent_customer: Customer
) -> None:
    run = make_published_run(TODAY)
    with fixture_changes():
        Customer.objects.update(unit=cast.changsha, owner=cast.stranger)

    def number(user: User) -> int:
        return sum(group.customers for group in score_groups(user, run))

    assert (number(cast.head), number(cast.manager), number(cast.stranger)) == (1, 0, 1)


@pytest.mark.parametrize("scheme", ["eight", "eleven", "nonsense"])
def test_overview_rows_add_up_and_link_to_the_same_customers(
    cast: Cast, login: Login, silent_customer: Customer, scheme: str
) -> None:
    make_regular_customers(cast, 3)
    make_published_run(TODAY)
    client = login(cast.head)

    context = client.get(reverse("segments"), {"scheme": scheme}).context

    rows = context["rows"]
    assert sum(row.customers for row in rows) == context["total"].customers == 4
    assert sum(row.revenue for row in rows) == context["total"].revenue
    for row in [*rows, *context["flags"]]:
        assert client.get(row.url).context["list"].count.number == row.customers


def test_overview_before_the_first_run_says_so(cast: Cast, login: Login) -> None:
    response = login(cast.manager).get(reverse("segments"))
    assert "Nothing scored yet" in response.content.decode()


@pytest.mark.parametrize("customers", [2, 20])
def test_overview_takes_few_queries(
    cast: Cast,
    login: Login,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    customers: int,
) -> None:
    make_regular_customers(cast, customers)
    make_published_run(TODAY)
    client = login(cast.manager)
    with django_assert_max_num_queries(6):
        client.get(reverse("segments"))


# --- customer page, home page, customer list ----------------------------------------------------


def test_panel_shows_scores_and_reasons_in_sentences(
    cast: Cast, silent_customer: Customer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_published_run(TODAY - timedelta(days=60))
    make_published_run(TODAY)
    with django_assert_max_num_queries(Worth.query_budget):
        context = Worth().context(request_of(cast.manager), silent_customer)

    score = context["score"]
    with translation.override("en"):
        sentences = reason_sentences(score)
    assert sentences == [
        "Silent for 95 days, usually buys every 30 days",
        "Revenue down 100% on the quarter before",
    ]
    assert [past_score.run.as_of for past_score in context["history"]] == [
        TODAY,
        TODAY - timedelta(days=60),
    ]


def test_panel_renders_before_the_first_run_with_a_score_and_without_one(
    cast: Cast, login: Login, silent_customer: Customer
) -> None:
    client = login(cast.manager)
    url = reverse("customer_panel", args=[silent_customer.pk, "worth"])
    assert b"Nothing scored yet" in client.get(url).content
    make_published_run(TODAY)
    assert b"Silent for 95 days" in client.get(url).content
    unscored = make_customer(cast.lanzhou, owner=cast.manager)
    url = reverse("customer_panel", args=[unscored.pk, "worth"])
    assert b"Not scored" in client.get(url).content


def test_widget_shows_new_flags_of_visible_customers(
    cast: Cast,
    login: Login,
    silent_customer: Customer,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_regular_customers(cast, 9)
    make_published_run(TODAY - timedelta(days=60))
    make_published_run(TODAY)
    with django_assert_max_num_queries(NewFlags.query_budget):
        context = NewFlags().context(request_of(cast.manager))
    assert [score.customer for score in context["scores"]] == [silent_customer]
    assert context["total"] == 1
    assert NewFlags().context(request_of(cast.stranger))["total"] == 0
    assert QUIET.replace("&", "&amp;") in (
        login(cast.manager).get(reverse("home_widget", args=["new-flags"])).content.decode()
    )

    make_published_run(TODAY + timedelta(days=1))
    assert NewFlags().context(request_of(cast.manager))["total"] == 0


def flags_and_revenue(customers: CustomerQuerySet) -> list[tuple[object, object]]:
    rows = [vars(customer) for customer in WorthColumns().annotate(customers)]
    return [(row["worth_flag"], row["worth_monetary"]) for row in rows]


def test_list_columns_add_and_drop_no_customers(cast: Cast, silent_customer: Customer) -> None:
    make_customer(cast.lanzhou, owner=cast.manager)
    customers = Customer.objects.visible_to(cast.manager).order_by("pk")
    assert flags_and_revenue(customers) == [(None, None), (None, None)]
    make_published_run(TODAY - timedelta(days=60))
    make_published_run(TODAY)

    assert flags_and_revenue(customers) == [(2, Decimal("4000.00")), (None, None)]


def test_list_filters_by_flag_and_sorts_by_revenue(
    cast: Cast, login: Login, silent_customer: Customer
) -> None:
    make_regular_customers(cast, 3)
    make_published_run(TODAY)
    response = login(cast.manager).get(reverse("customers"), {"flag": "2", "sort": "-monetary"})

    assert [customer.pk for customer, _cells in response.context["list"].rows] == [
        silent_customer.pk
    ]
    assert "4,000.00" in response.content.decode()


def test_customers_without_a_score_have_none_of_the_flags(
    cast: Cast, login: Login, silent_customer: Customer
) -> None:
    unscored = make_customer(cast.lanzhou, code="UNSCORED", owner=cast.manager)
    make_published_run(TODAY)
    client = login(cast.manager)
    for parameters in ({"flag__not": "2"}, {"flag": "none"}, {"segment__not": "important_value"}):
        rows = client.get(reverse("customers"), parameters).context["list"].rows
        assert unscored in [customer for customer, _cells in rows], parameters


def test_current_run_is_the_one_of_the_newest_day(cast: Cast, silent_customer: Customer) -> None:
    newest = make_published_run(timezone.localdate())
    make_published_run(TODAY - timedelta(days=300))

    assert current_run() == newest
    assert sum(group.customers for group in score_groups(cast.executive, newest)) == 1
