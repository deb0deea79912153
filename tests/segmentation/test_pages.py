"""The pages, the panel, the widget and the list's columns: who sees what, and at what cost."""

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
from segmentation.columns import Worth as WorthColumns
from segmentation.models import ScoringRun
from segmentation.panels import NewFlags, Worth
from segmentation.reasons import reasons_in_words
from segmentation.selectors import current_run, score_groups
from segmentation.services.run import execute_run
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_batch, make_customer, make_transaction
from tests.segmentation import stories

TODAY = date(2026, 7, 1)
QUIET = "Quiet & Co"


def asking(user: User) -> AuthedRequest:
    request = AuthedRequest()
    request.user = user
    return request


@pytest.fixture
def silent(cast: Cast) -> Customer:
    """A customer of the manager who used to buy every 30 days and stopped 95 days ago."""
    customer = make_customer(cast.lanzhou, owner=cast.manager, name=QUIET)
    batch = make_batch(cast.sysadmin)
    for days in (185, 155, 125, 95):
        make_transaction(customer, on=TODAY - timedelta(days=days), amount="1000.00", batch=batch)
    return customer


def make_others(cast: Cast, number: int) -> None:
    """Customers of the manager and of a stranger, all buying regularly."""
    batch = make_batch(cast.sysadmin)
    for n in range(number):
        for unit, owner in ((cast.lanzhou, cast.manager), (cast.changsha, cast.stranger)):
            customer = make_customer(unit, owner=owner)
            for month in range(1, 5):
                day = TODAY - timedelta(days=30 * month - 20)
                make_transaction(customer, on=day, amount=f"{n + 1}00.00", batch=batch)


# --- runs -----------------------------------------------------------------------------------------


def test_run_pages_are_for_those_who_may_see_runs(cast: Cast, login: Login) -> None:
    run = stories.score(TODAY)
    for url in (reverse("runs"), reverse("run", args=[run.pk])):
        assert login(cast.auditor).get(url).status_code == 200
        assert login(cast.manager).get(url).status_code == 403


def test_run_that_is_not_there_is_not_found(cast: Cast, login: Login) -> None:
    assert login(cast.auditor).get(reverse("run", args=[4711])).status_code == 404


def test_starting_a_run_takes_its_permission(cast: Cast, login: Login) -> None:
    answer = login(cast.auditor).post(reverse("runs"), {"as_of": "2026-07-01"})

    assert answer.status_code == 403
    assert not ScoringRun.objects.exists()


def test_run_started_in_the_browser_is_queued_and_shown(cast: Cast, login: Login) -> None:
    answer = login(cast.sysadmin).post(reverse("runs"), {"as_of": "2026-07-01"})

    run = ScoringRun.objects.get()
    assert answer.headers["Location"] == reverse("run", args=[run.pk])
    assert (run.as_of, run.requested_by, run.channel) == (TODAY, cast.sysadmin, "browser")


def test_second_run_started_in_the_browser_is_refused_with_a_word(cast: Cast, login: Login) -> None:
    browser = login(cast.sysadmin)
    browser.post(reverse("runs"), {"as_of": "2026-07-01"})
    answer = browser.post(reverse("runs"), {"as_of": "2026-07-01"}, follow=True)

    assert "under way" in answer.content.decode()
    assert ScoringRun.objects.count() == 1


@pytest.mark.parametrize("as_of", ["", "yesterday", "2999-01-01"])
def test_unfit_day_is_refused_beside_the_field(cast: Cast, login: Login, as_of: str) -> None:
    answer = login(cast.sysadmin).post(reverse("runs"), {"as_of": as_of})

    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"as_of"}


def test_run_pages_poll_only_while_a_run_is_active(cast: Cast, login: Login) -> None:
    browser = login(cast.sysadmin)
    run = stories.ask(TODAY)
    pages = [reverse("runs"), reverse("run", args=[run.pk])]

    for url in pages:
        assert b'hx-trigger="every' in browser.get(url).content
    execute_run(run_id=run.pk)
    for url in pages:
        fragment = browser.get(url, headers={"HX-Request": "true"}).content
        assert b'hx-trigger="every' not in fragment
        assert b"<html" not in fragment


@pytest.mark.parametrize("runs", [2, 20])
def test_run_list_takes_few_queries(
    cast: Cast,
    login: Login,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    runs: int,
) -> None:
    for days in range(runs):
        stories.score(TODAY - timedelta(days=days))
    browser = login(cast.sysadmin)
    with django_assert_max_num_queries(6):
        browser.get(reverse("runs"))


# --- overview ------------------------------------------------------------------------------------


def test_overview_counts_only_customers_the_person_sees(
    cast: Cast, login: Login, silent: Customer
) -> None:
    make_others(cast, 3)
    stories.score(TODAY)

    def totals(user: User) -> tuple[int, Decimal]:
        total = login(user).get(reverse("segments")).context["total"]
        return total.customers, total.money

    assert totals(cast.executive) == (7, Decimal(4000 + 2 * 4 * 600))
    assert totals(cast.manager) == (4, Decimal(4000 + 4 * 600))
    assert totals(cast.stranger) == (3, Decimal(4 * 600))
    assert login(cast.colleague).get(reverse("segments")).status_code == 200


@pytest.mark.parametrize("scheme", ["eight", "eleven", "nonsense"])
def test_overview_rows_add_up_and_lead_to_the_same_customers(
    cast: Cast, login: Login, silent: Customer, scheme: str
) -> None:
    make_others(cast, 3)
    stories.score(TODAY)
    browser = login(cast.head)

    context = browser.get(reverse("segments"), {"scheme": scheme}).context

    rows = context["rows"]
    assert sum(row.customers for row in rows) == context["total"].customers == 4
    assert sum(row.money for row in rows) == context["total"].money
    for row in [*rows, *context["flags"]]:
        listed = browser.get(row.url).context["page"].paginator.count
        assert listed == row.customers


def test_overview_before_the_first_run_says_so(cast: Cast, login: Login) -> None:
    answer = login(cast.manager).get(reverse("segments"))
    assert "Nothing scored yet" in answer.content.decode()


@pytest.mark.parametrize("customers", [2, 20])
def test_overview_takes_few_queries(
    cast: Cast,
    login: Login,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    customers: int,
) -> None:
    make_others(cast, customers)
    stories.score(TODAY)
    browser = login(cast.manager)
    with django_assert_max_num_queries(4):
        browser.get(reverse("segments"))


# --- customer page, home page, customer list ----------------------------------------------------


def test_panel_tells_worth_and_reasons_in_words(
    cast: Cast, silent: Customer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    stories.score(TODAY - timedelta(days=60))
    stories.score(TODAY)
    with django_assert_max_num_queries(Worth.query_budget):
        context = Worth().context(asking(cast.manager), silent)

    score = context["score"]
    with translation.override("en"):
        words = reasons_in_words(score)
    assert words == [
        "Silent for 95 days, usually buys every 30 days",
        "Revenue down 100% on the quarter before",
    ]
    assert [one.run.as_of for one in context["history"]] == [TODAY, TODAY - timedelta(days=60)]


def test_panel_draws_for_every_kind_of_customer(cast: Cast, login: Login, silent: Customer) -> None:
    browser = login(cast.manager)
    url = reverse("customer_panel", args=[silent.pk, "worth"])
    assert b"Nothing scored yet" in browser.get(url).content
    stories.score(TODAY)
    assert b"Silent for 95 days" in browser.get(url).content
    new = make_customer(cast.lanzhou, owner=cast.manager)
    url = reverse("customer_panel", args=[new.pk, "worth"])
    assert b"Not scored" in browser.get(url).content


def test_widget_shows_flags_that_are_new_to_whoever_sees_the_customer(
    cast: Cast,
    login: Login,
    silent: Customer,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_others(cast, 9)
    stories.score(TODAY - timedelta(days=60))
    stories.score(TODAY)
    with django_assert_max_num_queries(NewFlags.query_budget):
        context = NewFlags().context(asking(cast.manager))
    assert [score.customer for score in context["scores"]] == [silent]
    assert context["total"] == 1
    assert NewFlags().context(asking(cast.stranger))["total"] == 0
    assert QUIET.replace("&", "&amp;") in (
        login(cast.manager).get(reverse("home_widget", args=["new-flags"])).content.decode()
    )

    stories.score(TODAY + timedelta(days=1))
    assert NewFlags().context(asking(cast.manager))["total"] == 0


def worth_of(customers: CustomerQuerySet) -> list[tuple[object, object]]:
    rows = [vars(customer) for customer in WorthColumns().annotate(customers)]
    return [(row["worth_flag"], row["worth_monetary"]) for row in rows]


def test_list_part_adds_and_drops_no_customers(cast: Cast, silent: Customer) -> None:
    make_customer(cast.lanzhou, owner=cast.manager)
    customers = Customer.objects.visible_to(cast.manager).order_by("pk")
    assert worth_of(customers) == [(None, None), (None, None)]
    stories.score(TODAY - timedelta(days=60))
    stories.score(TODAY)

    assert worth_of(customers) == [(2, Decimal("4000.00")), (None, None)]


def test_list_filters_and_sorts_by_worth(cast: Cast, login: Login, silent: Customer) -> None:
    make_others(cast, 3)
    stories.score(TODAY)
    answer = login(cast.manager).get(reverse("customers"), {"flag": "2", "sort": "-monetary"})

    assert [one.pk for one in answer.context["customers"]] == [silent.pk]
    assert "4,000.00" in answer.content.decode()


def test_readers_take_the_run_of_the_newest_day(cast: Cast, silent: Customer) -> None:
    newest = stories.score(timezone.localdate())
    stories.score(TODAY - timedelta(days=300))

    assert current_run() == newest
    assert sum(group.customers for group in score_groups(cast.executive, newest)) == 1
