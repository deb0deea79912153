"""The bell, the page of notices, marking as read, and the API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from core.models import Notice
from core.services.notice import NewNotice, delete_old_notices, send_notices
from core.views.notices import PAGE_SIZE
from crm.models import Customer
from crm.notices import CUSTOMERS_ASSIGNED
from tests.cast import Cast
from tests.conftest import Login
from tests.core.api import new_key
from tests.crm.factories import make_customer
from tests.history import fixture_changes


def give(user: User, *, by: User, customer: Customer | None = None, count: int = 3) -> Notice:
    """Send a notice about one customer, or about ``count`` of them; return it."""
    key = str(Notice.objects.count())
    values = {"actor": by.pk, "count": 1 if customer else count}
    new_notice = NewNotice(user.pk, key, values, customer.pk if customer else None)
    send_notices(CUSTOMERS_ASSIGNED, [new_notice])
    return Notice.objects.get(recipient=user, key=key)


def api_client(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {new_key(user)}", "Accept-Language": "en"})


def page_of(client: Client, path: str = "/notices/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_bell_shows_the_number_of_ones_own_unread_notices(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    assert 'aria-label="Notices"' in page_of(client, "/")
    give(cast.manager, by=cast.head)
    give(cast.manager, by=cast.head)
    give(cast.colleague, by=cast.head)
    assert 'aria-label="Notices, 2 unread"' in page_of(client, "/")
    assert '<span class="bell-count" aria-hidden="true">2</span>' in page_of(
        client, reverse("notice_bell")
    )


def test_bell_counts_to_99(cast: Cast, login: Login) -> None:
    send_notices(
        CUSTOMERS_ASSIGNED,
        [
            NewNotice(cast.manager.pk, str(n), {"actor": cast.head.pk, "count": 2})
            for n in range(120)
        ],
    )
    assert "Notices, 99+ unread" in page_of(login(cast.manager), reverse("notice_bell"))


def test_bell_takes_one_query(
    cast: Cast, login: Login, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    give(cast.manager, by=cast.head)
    client = login(cast.manager)
    with django_assert_num_queries(3):  # session, user, bell
        client.get(reverse("notice_bell"))


def test_notice_links_to_its_customer_and_to_several(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager, name="兰州石化")
    give(cast.manager, by=cast.head, customer=customer)
    give(cast.manager, by=cast.head, count=3)
    page = page_of(login(cast.manager))
    text = "Hana Head gave you the customer 兰州石化."
    assert f'href="{reverse("customer", args=[customer.pk])}">{text}</a>' in page
    assert f'href="{reverse("customers")}?owner=mine&amp;sort=-updated_at">' in page
    assert "Hana Head gave you 3 customers." in page


def test_notice_does_not_name_a_customer_that_has_become_invisible(
    cast: Cast, login: Login
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager, name="兰州石化")
    notice = give(cast.manager, by=cast.head, customer=customer)
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).update(owner=cast.stranger, unit=cast.changsha)
    page = page_of(login(cast.manager))
    assert "兰州石化" not in page
    assert reverse("customer", args=[customer.pk]) not in page
    assert "Hana Head gave you 1 customer." in page
    api = api_client(cast.manager)
    (result,) = api.get(reverse("api-notices")).json()["results"]
    assert (result["id"], result["text"]) == (notice.pk, "Hana Head gave you 1 customer.")
    assert result["url"] == ""


def test_text_is_in_the_language_of_the_reader(cast: Cast, login: Login) -> None:
    give(cast.manager, by=cast.head, count=3)
    with fixture_changes():
        User.objects.filter(pk=cast.manager.pk).update(language="zh-hans")
    assert "Hana Head交给你 3 个客户。" in page_of(login(cast.manager))


@pytest.mark.parametrize("count", [2, 20])
def test_page_takes_the_same_number_of_queries_for_few_and_many_notices(
    cast: Cast, login: Login, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for _ in range(count):
        customer = make_customer(cast.lanzhou, owner=cast.manager)
        give(cast.manager, by=cast.head, customer=customer)
    client = login(cast.manager)
    with django_assert_num_queries(7):  # session, user, notices, customers, names, bell, jobs
        assert page_of(client).count("Hana Head") == count


def test_pages_follow_one_another_by_keyset(cast: Cast, login: Login) -> None:
    notices = [give(cast.manager, by=cast.head, count=n + 2) for n in range(PAGE_SIZE + 1)]
    client = login(cast.manager)
    first = page_of(client)
    next_path = f"/notices/?before={notices[1].pk}"
    assert f'href="{next_path}"' in first
    second = page_of(client, next_path)
    assert "gave you 2 customers." in second
    assert "gave you 3 customers." not in second
    assert page_of(client, "/notices/?before=nonsense").count("Hana Head") == PAGE_SIZE


def test_one_notice_is_marked_as_read_and_leaves_the_unread_ones(cast: Cast, login: Login) -> None:
    notice, other = (give(cast.manager, by=cast.head) for _ in range(2))
    client = login(cast.manager)
    response = client.post(reverse("notice_read", args=[notice.pk]) + "?unread=1")
    assert response["Location"] == "/notices/?unread=1"
    unread = Notice.objects.visible_to(cast.manager).unread()
    assert list(unread) == [other]
    assert page_of(client, "/notices/?unread=1").count("Hana Head") == 1


def test_marking_all_as_read_leaves_notices_that_came_later(cast: Cast, login: Login) -> None:
    seen = give(cast.manager, by=cast.head)
    later = give(cast.manager, by=cast.head)
    others = give(cast.colleague, by=cast.head)
    login(cast.manager).post(reverse("notices_read"), {"until": seen.pk})
    unread = Notice.objects.filter(read_at__isnull=True)
    assert {notice.pk for notice in unread} == {later.pk, others.pk}


def test_notice_of_somebody_else_is_not_found(cast: Cast, login: Login) -> None:
    notice = give(cast.colleague, by=cast.head)
    response = login(cast.manager).post(reverse("notice_read", args=[notice.pk]))
    assert response.status_code == 404
    assert not Notice.objects.filter(read_at__isnull=False).exists()


def test_api_lists_unread_notices_and_marks_them_as_read(cast: Cast) -> None:
    first, second = (give(cast.manager, by=cast.head) for _ in range(2))
    api = api_client(cast.manager)
    read = api.post(reverse("api-notice-read", args=[first.pk])).json()
    assert read["read_at"] is not None
    listed = api.get(reverse("api-notices"), {"unread": "true"}).json()["results"]
    assert [each["id"] for each in listed] == [second.pk]
    body = {"until": second.pk}
    response = api.post(reverse("api-notices-read"), body, content_type="application/json")
    assert response.json() == {"read": 1}
    assert api.get(reverse("api-notices"), {"unread": "true"}).json()["results"] == []


def test_read_notices_are_deleted_after_some_days_and_unread_ones_are_kept(cast: Cast) -> None:
    old, recent, unread = (give(cast.manager, by=cast.head) for _ in range(3))
    now = timezone.now()
    Notice.objects.filter(pk=old.pk).update(read_at=now - timedelta(days=91))
    Notice.objects.filter(pk=recent.pk).update(read_at=now - timedelta(days=89))
    Notice.objects.filter(pk=unread.pk).update(created_at=now - timedelta(days=900))
    assert delete_old_notices(keep_days=90) == 1
    assert set(Notice.objects.values_list("pk", flat=True)) == {recent.pk, unread.pk}
