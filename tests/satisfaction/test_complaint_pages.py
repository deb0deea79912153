"""The complaint pages: the list, the form for a new complaint, one complaint."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.permissions import Permission
from core.listing.page import PAGE_SIZE
from crm.models import Customer
from satisfaction.models import Complaint
from satisfaction.models.complaint import MAX_TEXT_LENGTH, State
from satisfaction.services.complaint import (
    close_complaint,
    comment_on_complaint,
    reopen_complaint,
)
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer
from tests.history import fixture_changes
from tests.satisfaction.factories import make_complaint

# Session, user, saved views, ids of the page, rows, options of two filters, bell, jobs.
LIST_QUERIES = 9


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="LZ01", name="兰州华天科技", owner=cast.manager)


@pytest.fixture
def complaint(cast: Cast, customer: Customer) -> Complaint:
    return make_complaint(customer, actor=cast.agent)


def _page_text(client: Client, url: str) -> str:
    """Return a page's HTML with entities replaced by their characters."""
    response = client.get(url)
    assert response.status_code == 200
    return unescape(response.content.decode())


def _listed_numbers(client: Client, query: str = "") -> list[str]:
    """Return the complaint numbers on the list, in its order."""
    page = _page_text(client, reverse("complaints") + query)
    return re.findall(r'<small class="mono">(TS-\d{6}-\d{5})<', page)


def _url(complaint: Complaint) -> str:
    return reverse("complaint", args=[complaint.pk])


def test_list_shows_open_complaints_and_tabs_show_the_others(
    cast: Cast, customer: Customer, login: Login
) -> None:
    received = make_complaint(customer, actor=cast.agent)
    closed = make_complaint(customer, actor=cast.agent, closed=True)
    reopened = make_complaint(customer, actor=cast.agent, closed=True)
    reopen_complaint(complaint_id=reopened.pk, reason="Down.", actor=cast.agent)
    client = login(cast.agent)
    assert _listed_numbers(client) == [reopened.number, received.number]
    assert _listed_numbers(client, "?view=reopened") == [reopened.number]
    assert _listed_numbers(client, "?view=closed") == [closed.number]
    assert _listed_numbers(client, "?view=all") == [
        reopened.number,
        closed.number,
        received.number,
    ]
    assert _listed_numbers(client, "?view=nonsense&sort=nonsense&after=99") == [
        reopened.number,
        received.number,
    ]


def test_list_finds_by_number_title_customer_and_code(
    cast: Cast, complaint: Complaint, login: Login
) -> None:
    other = make_customer(cast.tianshui, code="TS77", name="天水星火机床")
    slow_portal = make_complaint(other, actor=cast.agent, title="Slow portal")
    client = login(cast.agent)
    assert _listed_numbers(client, f"?q={complaint.number.lower()}") == [complaint.number]
    assert _listed_numbers(client, "?q=slow") == [slow_portal.number]
    assert _listed_numbers(client, "?q=华天") == [complaint.number]
    assert _listed_numbers(client, "?q=ts77 portal") == [slow_portal.number]
    assert _listed_numbers(client, "?q=portal 华天") == []
    assert _listed_numbers(client, "?q=%00") == [slow_portal.number, complaint.number]


def test_list_of_own_complaints_shows_those_the_user_owns(
    cast: Cast, customer: Customer, complaint: Complaint, login: Login
) -> None:
    mine = make_complaint(customer, actor=cast.manager)
    assert _listed_numbers(login(cast.manager), "?owner=mine") == [mine.number]
    assert _listed_numbers(login(cast.manager)) == [mine.number, complaint.number]


def test_list_of_one_customer_shows_only_its_complaints(
    cast: Cast, customer: Customer, complaint: Complaint, login: Login
) -> None:
    """The whole code counts: another customer's may begin with it."""
    make_complaint(make_customer(cast.lanzhou, code="LZ011"), actor=cast.agent)
    client = login(cast.agent)
    assert _listed_numbers(client, f"?customer={customer.code}") == [complaint.number]
    assert f"Customer: {customer.name}" in _page_text(
        client, f"{reverse('complaints')}?customer={customer.code}"
    )
    assert len(_listed_numbers(client, "?customer=x")) == 2
    page = _page_text(login(cast.stranger), f"{reverse('complaints')}?customer={customer.code}")
    assert customer.name not in page


def test_list_sorts_both_ways(cast: Cast, customer: Customer, login: Login) -> None:
    first = make_complaint(customer, actor=cast.manager)
    second = make_complaint(make_customer(cast.lanzhou, name="Alpha"), actor=cast.agent)
    client = login(cast.agent)
    assert _listed_numbers(client, "?sort=opened_at") == [first.number, second.number]
    assert _listed_numbers(client, "?sort=-opened_at") == [second.number, first.number]
    assert _listed_numbers(client, "?sort=customer") == [second.number, first.number]
    assert _listed_numbers(client, "?sort=-owner") == [first.number, second.number]
    assert 'aria-sort="descending"' in _page_text(client, reverse("complaints") + "?sort=-owner")


def test_list_is_split_into_pages(cast: Cast, customer: Customer, login: Login) -> None:
    for _ in range(PAGE_SIZE + 1):
        make_complaint(customer, actor=cast.agent)
    client = login(cast.agent)
    assert len(_listed_numbers(client)) == PAGE_SIZE
    next_url = client.get(reverse("complaints")).context["list"].next_url
    assert len(_listed_numbers(client, next_url.removeprefix(reverse("complaints")))) == 1
    assert len(_listed_numbers(client, "?after=abc")) == PAGE_SIZE


def test_customers_are_found_by_their_complaints(
    cast: Cast, customer: Customer, login: Login
) -> None:
    make_complaint(customer, actor=cast.agent, closed=True)
    calm = make_customer(cast.lanzhou, code="CALM")
    client = login(cast.head)

    def found(where: str) -> list[str]:
        response = client.get(reverse("customers"), {"where": where})
        assert response.context["list"].problems == []
        return [row.code for row, _cells in response.context["list"].rows]

    assert found("has.complaints(state=closed)") == [customer.code]
    assert found("has.complaints(state=received)") == []
    assert found("no.complaints()") == [calm.code]
    assert found("any(has.complaints(state=closed);code=CALM)") == [calm.code, customer.code]


def test_condition_about_complaints_needs_the_permission_to_see_them(
    cast: Cast, customer: Customer, login: Login
) -> None:
    make_complaint(customer, actor=cast.agent, closed=True)
    role = cast.head.role
    role.permissions = [each for each in role.permissions if each != Permission.COMPLAINT_VIEW]
    with fixture_changes():
        role.save()
    where = {"where": "no.complaints()"}
    shown = login(cast.head).get(reverse("customers"), where).context["list"]
    assert [problem.name for problem in shown.problems] == ["where"]
    assert len(shown.rows) == 1


def test_list_shows_only_visible_complaints(cast: Cast, complaint: Complaint, login: Login) -> None:
    assert _listed_numbers(login(cast.manager)) == [complaint.number]
    assert _listed_numbers(login(cast.executive)) == [complaint.number]
    for user in (cast.colleague, cast.stranger, cast.other_head):
        assert _listed_numbers(login(user), "?view=all") == []
        assert _listed_numbers(login(user), f"?view=all&q={complaint.number}") == []


@pytest.mark.parametrize("rows", [2, 20])
def test_list_takes_the_same_number_of_queries_for_few_and_many_rows(
    cast: Cast, login: Login, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for actor in (cast.manager, cast.agent) * (rows // 2):
        make_complaint(make_customer(cast.lanzhou, owner=cast.manager), actor=actor)
    client = login(cast.agent)
    with django_assert_num_queries(LIST_QUERIES):
        assert len(_listed_numbers(client)) == rows


def test_empty_list_explains_itself_and_offers_to_open_a_complaint(
    cast: Cast, login: Login
) -> None:
    link = f'class="btn btn-primary" href="{reverse("complaint_new")}"'
    page = _page_text(login(cast.agent), reverse("complaints"))
    assert "No open complaints" in page
    assert page.count(link) == 2
    page = _page_text(login(cast.auditor), reverse("complaints"))
    assert "No open complaints" in page
    assert reverse("complaint_new") not in page


def test_search_without_results_offers_to_search_all_complaints(
    cast: Cast, customer: Customer, login: Login
) -> None:
    closed = make_complaint(customer, actor=cast.agent, closed=True)
    client = login(cast.agent)
    page = _page_text(client, reverse("complaints") + "?owner=mine&q=华天")
    assert "Nothing matches" in page
    (url,) = re.findall(r'href="(\S+)">Look in all complaints', page)
    assert closed.number in _page_text(client, url)
    page = _page_text(client, reverse("complaints") + "?view=all&owner=mine&q=nothing")
    assert "Remove a filter" in page
    assert "Look in all complaints" not in page


def test_new_page_presets_the_customer_of_the_url(
    cast: Cast, customer: Customer, login: Login
) -> None:
    make_customer(cast.lanzhou, owner=cast.manager, name="另一家")
    page = _page_text(login(cast.manager), f"{reverse('complaint_new')}?customer={customer.pk}")
    assert re.search(rf'<option value="{customer.pk}" selected>\s*兰州华天科技', page)
    assert "另一家" not in page
    assert f'data-picker-url="{reverse("customer_options")}"' in page


@pytest.mark.parametrize("customer_id", ["{pk}", "99999999999999999999", "abc", "-1", "٣"])
def test_new_page_for_a_customer_out_of_scope_is_not_found(
    cast: Cast, customer: Customer, login: Login, customer_id: str
) -> None:
    address = f"{reverse('complaint_new')}?customer={customer_id.format(pk=customer.pk)}"
    assert login(cast.stranger).get(address).status_code == 404


def test_opening_in_the_browser_redirects_to_the_complaint(
    cast: Cast, customer: Customer, login: Login
) -> None:
    client = login(cast.agent)
    response = client.post(
        reverse("complaint_new"),
        {
            "customer": customer.pk,
            "title": "Line down",
            "description": "Since 9.",
            "owner": "manager",
        },
    )
    complaint = Complaint.objects.get()
    assert response["Location"] == _url(complaint)
    assert (complaint.customer, complaint.opened_by, complaint.owner) == (
        customer,
        cast.agent,
        cast.manager,
    )
    page = _page_text(client, _url(complaint))
    assert f"Complaint {complaint.number} opened" in page
    assert "Line down" in page


def test_invalid_form_keeps_the_typed_text(cast: Cast, customer: Customer, login: Login) -> None:
    response = login(cast.agent).post(
        reverse("complaint_new"),
        {
            "customer": customer.pk,
            "title": " ",
            "description": "A <b>long</b> story",
            "owner": "me",
        },
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "A &lt;b&gt;long&lt;/b&gt; story" in page
    assert "Say in a few words what it is about." in page
    assert re.search(rf'<option value="{customer.pk}" selected>', page)
    assert not Complaint.objects.exists()


def test_opening_for_a_customer_out_of_scope_is_refused_as_not_found(
    cast: Cast, customer: Customer, login: Login
) -> None:
    data = {"customer": customer.pk, "title": "a", "description": "b", "owner": "me"}
    response = login(cast.stranger).post(reverse("complaint_new"), data)
    assert response.status_code == 422
    page = response.content.decode()
    assert "Not found or not yours" in page
    assert "华天" not in page


def test_opening_for_an_impossible_customer_id_is_refused_as_not_found(
    cast: Cast, login: Login
) -> None:
    data = {"customer": "9" * 5000, "title": "a", "description": "b", "owner": "me"}
    response = login(cast.agent).post(reverse("complaint_new"), data)
    assert response.status_code == 422
    assert "Not found or not yours" in response.content.decode()


def test_opening_for_the_manager_of_a_pool_customer_is_refused(cast: Cast, login: Login) -> None:
    pool_customer = make_customer(cast.lanzhou)
    data = {"customer": pool_customer.pk, "title": "a", "description": "b", "owner": "manager"}
    response = login(cast.agent).post(reverse("complaint_new"), data)
    assert response.status_code == 422
    assert "This customer has no account manager." in response.content.decode()


def test_complaint_page_shows_the_complaint_and_its_timeline(
    cast: Cast, complaint: Complaint, login: Login
) -> None:
    comment_on_complaint(complaint_id=complaint.pk, text="Called <back>.", actor=cast.manager)
    close_complaint(complaint_id=complaint.pk, resolution="Replaced.", actor=cast.head)
    client = login(cast.agent)
    page = _page_text(client, _url(complaint))
    for text in (complaint.number, "专线中断", "上午 9 点起中断。", "兰州华天科技", "Replaced."):
        assert text in page
    steps = re.findall(r'class="entry-title">([^<]+)</span> <span class="muted">([^<]+)<', page)
    assert steps == [
        ("Ada Agent", "received the complaint"),
        ("Mia Manager", "commented"),
        ("Hana Head", "closed the complaint"),
    ]
    assert b"Called &lt;back&gt;." in client.get(_url(complaint)).content


@pytest.mark.parametrize("user_name", ["colleague", "stranger", "other_head"])
def test_complaint_out_of_scope_is_not_found(
    cast: Cast, complaint: Complaint, login: Login, user_name: str
) -> None:
    client = login(getattr(cast, user_name))
    assert client.get(_url(complaint)).status_code == 404
    response = client.post(_url(complaint), {"action": "comment", "text": "Hello"})
    assert response.status_code == 404
    assert complaint.entries.count() == 1


def test_complaint_page_offers_no_steps_without_the_permission(
    cast: Cast, complaint: Complaint, login: Login
) -> None:
    client = login(cast.auditor)
    assert 'name="action"' not in _page_text(client, _url(complaint))
    assert client.post(_url(complaint), {"action": "comment", "text": "a"}).status_code == 403


def test_steps_in_the_browser_change_the_state(
    cast: Cast, complaint: Complaint, login: Login
) -> None:
    client, address = login(cast.agent), _url(complaint)
    for data, state in (
        ({"action": "comment", "text": "Called."}, State.RECEIVED),
        ({"action": "close", "resolution": "Replaced.", "version": "2"}, State.CLOSED),
        ({"action": "reopen", "reason": "Down again.", "version": "3"}, State.REOPENED),
    ):
        response = client.post(address, data)
        assert (response.status_code, response["Location"]) == (302, address)
        complaint.refresh_from_db()
        assert complaint.state == state
    assert complaint.version == 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"action": "comment", "text": "  "}, "Write the comment."),
        ({"action": "close", "resolution": "", "version": "1"}, "Write what was done about it."),
        (
            {"action": "close", "resolution": "x" * (MAX_TEXT_LENGTH + 1), "version": "1"},
            "at most 10000 characters",
        ),
        ({"action": "comment", "text": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_step_with_invalid_text_shows_the_error(
    cast: Cast, complaint: Complaint, login: Login, data: dict[str, str], message: str
) -> None:
    response = login(cast.agent).post(_url(complaint), data)
    assert response.status_code == 422
    assert message in response.content.decode()
    complaint.refresh_from_db()
    assert complaint.version == 1


def test_unknown_step_is_a_bad_request(cast: Cast, complaint: Complaint, login: Login) -> None:
    assert login(cast.agent).post(_url(complaint), {"action": "delete"}).status_code == 400


def test_closing_on_an_outdated_page_keeps_the_text_and_shows_the_new_comment(
    cast: Cast, complaint: Complaint, login: Login
) -> None:
    comment_on_complaint(complaint_id=complaint.pk, text="Still down!", actor=cast.manager)
    client = login(cast.agent)
    data = {"action": "close", "resolution": "All fine.", "version": "1"}
    response = client.post(_url(complaint), data)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Something happened here meanwhile." in page
    assert "Still down!" in page
    assert re.search(r'<textarea name="resolution"[^>]*>\s*All fine\.</textarea>', page)
    (version,) = re.findall(r'name="version" value="(\d+)"', page)
    assert client.post(_url(complaint), data | {"version": version}).status_code == 302


def test_closing_what_another_user_closed_keeps_the_text_as_a_comment(
    cast: Cast, complaint: Complaint, login: Login
) -> None:
    close_complaint(complaint_id=complaint.pk, resolution="Mine.", actor=cast.manager)
    data = {"action": "close", "resolution": "All fine.", "version": "1"}
    response = login(cast.agent).post(_url(complaint), data)
    page = response.content.decode()
    assert response.status_code == 409
    assert "This complaint is closed already." in page
    assert re.search(r'<textarea name="text"[^>]*>\s*All fine\.</textarea>', page)
    assert 'name="resolution"' not in page


def test_large_versions_in_forms_have_no_thousands_separator(
    cast: Cast, complaint: Complaint, login: Login
) -> None:
    """Numbers on a page have thousands separators, which a form must not send back."""
    with fixture_changes():
        Complaint.objects.filter(pk=complaint.pk).update(version=12_345)
    assert 'name="version" value="12345"' in _page_text(login(cast.agent), _url(complaint))


@pytest.mark.parametrize("entries", [2, 20])
def test_complaint_page_takes_the_same_number_of_queries_for_few_and_many_entries(
    cast: Cast,
    complaint: Complaint,
    login: Login,
    entries: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for author in (cast.manager, cast.agent) * (entries // 2):
        comment_on_complaint(complaint_id=complaint.pk, text="Called.", actor=author)
    client = login(cast.agent)
    # Session, user, complaint, entries, changes of files, files, bell, jobs.
    with django_assert_num_queries(8):
        assert _page_text(client, _url(complaint)).count("commented") == entries


def test_pages_use_the_language_of_the_user(cast: Cast, complaint: Complaint, login: Login) -> None:
    with fixture_changes():
        User.objects.filter(pk=cast.agent.pk).update(language="zh-hans")
    assert 'lang="zh-hans"' in _page_text(login(cast.agent), _url(complaint))
