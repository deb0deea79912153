"""Saved views of lists: saving, sharing, opening a list with one, changing and deleting."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core.history import latest_changes
from core.listing.conditions import Condition
from core.listing.query import ListQuery
from core.models import DefaultView, SavedView
from core.services import saved_view as service
from core.services.saved_view import (
    create_saved_view,
    delete_saved_view,
    open_with_view,
    update_saved_view,
)
from tests.cast import Cast
from tests.conftest import Login
from tests.core.api import key_client

CUSTOMERS = "customers"
AT_RISK = ListQuery(conditions=(Condition("flag", ("2", "1")),), sort="-monetary")


def make_view(owner: User, name: str = "At risk", *, is_shared: bool = False) -> SavedView:
    return create_saved_view(
        list_name=CUSTOMERS,
        name=name,
        query=AT_RISK.to_json(),
        is_shared=is_shared,
        actor=owner,
    )


def shown(client: Client, path: str) -> Any:
    response = client.get(path)
    assert response.status_code == 200
    return response.context["list"]


def save(client: Client, parameters: str, **data: str) -> Any:
    return client.post(f"/lists/customers/views/?{parameters}", data, follow=True)


def test_what_a_list_shows_is_saved_and_opened_again(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    response = save(client, "flag=2&flag=1&sort=-monetary", name="  At   risk ")
    view = SavedView.objects.get()
    assert (view.name, view.owner, view.shared_with) == ("At risk", cast.manager, None)
    assert ListQuery.from_json(view.query) == AT_RISK
    assert response.redirect_chain[0][0] == (
        f"/customers/?view={view.pk}&flag=2&flag=1&sort=-monetary"
    )
    page = response.context["list"]
    assert [(str(link.label), link.is_current) for link in page.tab_links] == [
        ("All", False),
        ("At risk", True),
    ]
    assert not page.is_view_changed


def test_groups_of_conditions_are_saved(cast: Cast, login: Login) -> None:
    save(login(cast.manager), "where=any(grade=AA;no_interaction=30)&q=data", name="Groups")
    query = ListQuery.from_json(SavedView.objects.get().query)
    assert dict(query.address_parameters()) == {
        "q": "data",
        "where": "any(grade=AA;no_interaction=30)",
    }


def test_view_of_a_tab_has_the_conditions_of_the_tab(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    client.post("/lists/complaints/views/?view=closed&q=line", {"name": "Closed"})
    parameters = dict(ListQuery.from_json(SavedView.objects.get().query).address_parameters())
    assert parameters == {"q": "line", "state": "closed"}


def test_changed_query_is_marked_and_saved_on_demand(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    view = make_view(cast.manager)
    path = f"view={view.pk}&flag=2"
    assert shown(client, f"/customers/?{path}").is_view_changed
    data = {"action": "save", "name": "Worst", "shared": "on"}
    response = client.post(f"/lists/customers/views/{view.pk}/?{path}", data, follow=True)
    assert not response.context["list"].is_view_changed
    view.refresh_from_db()
    assert (view.name, view.shared_with) == ("Worst", cast.manager.unit)
    changes = latest_changes(cast.manager, view, limit=5)
    assert [str(change.action) for change in changes] == ["Change view", "Save view"]


def test_order_of_conditions_is_no_change(cast: Cast, login: Login) -> None:
    view = create_saved_view(
        list_name=CUSTOMERS,
        name="Two",
        query=ListQuery(
            conditions=(Condition("grade", ("A",)), Condition("stage", ("lost",)))
        ).to_json(),
        is_shared=False,
        actor=cast.manager,
    )
    path = f"/customers/?stage=lost&grade=A&view={view.pk}"
    assert not shown(login(cast.manager), path).is_view_changed


def test_shared_view_is_seen_by_the_unit_and_those_below_it(cast: Cast) -> None:
    view = make_view(cast.head, is_shared=True)
    own = make_view(cast.colleague)
    for user in (cast.head, cast.manager, cast.agent, cast.division_admin):
        assert view in SavedView.objects.visible_to(user)
        assert own not in SavedView.objects.visible_to(user)
    for user in (cast.executive, cast.stranger, cast.other_head, cast.auditor):
        assert view not in SavedView.objects.visible_to(user)


def test_view_with_values_that_the_reader_may_not_select_names_nothing(
    cast: Cast, login: Login
) -> None:
    view = create_saved_view(
        list_name=CUSTOMERS,
        name="Of a colleague",
        query=ListQuery(conditions=(Condition("unit", ("GSTS",)),)).to_json(),
        is_shared=True,
        actor=cast.head,
    )
    client = login(cast.manager)
    page = client.get(shown(client, "/customers/").view_url(view)).content.decode()
    assert cast.tianshui.name not in page


def test_list_opens_with_the_chosen_view(cast: Cast, login: Login) -> None:
    client = login(cast.manager)
    view = make_view(cast.head, is_shared=True)
    path = f"/lists/customers/views/{view.pk}/"
    client.post(path, {"action": "default"})
    response = client.get(reverse("customers"))
    assert response.status_code == 302
    assert response["Location"] == f"/customers/?view={view.pk}&flag=2&flag=1&sort=-monetary"
    page = shown(client, response["Location"])
    all_rows = page.tab_links[0]
    assert all_rows.url.startswith("/customers/?view=all&")
    assert shown(client, "/customers/?view=all").query == ListQuery()
    assert client.get("/customers/?q=").status_code == 200  # the emptied search box

    client.post(path, {"action": "no_default"})
    assert client.get(reverse("customers")).status_code == 200


def test_deleted_view_is_nobodys_default(cast: Cast, login: Login) -> None:
    client = login(cast.head)
    view = make_view(cast.head, is_shared=True)
    open_with_view(view_id=view.pk, actor=cast.manager)
    response = client.post(f"/lists/customers/views/{view.pk}/", {"action": "delete"})
    assert response["Location"] == "/customers/"
    assert not SavedView.objects.exists()
    assert not DefaultView.objects.exists()
    assert login(cast.manager).get("/customers/").status_code == 200


@pytest.mark.parametrize("action", ["save", "delete"])
def test_shared_view_is_changed_by_its_owner_only(cast: Cast, login: Login, action: str) -> None:
    view = make_view(cast.head, is_shared=True)
    path = f"/lists/customers/views/{view.pk}/"
    response = login(cast.manager).post(path, {"action": action, "name": "Taken"})
    assert response.status_code == 404
    assert SavedView.objects.get().name == "At risk"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/lists/customers/views/{hidden}/", {"action": "default"}),
        ("/lists/interactions/views/{own}/", {"action": "default"}),  # a view of another list
        ("/lists/customers/views/{own}/", {"action": "unknown"}),
        ("/lists/unknown/views/", {"name": "x"}),
    ],
)
def test_what_is_not_there_is_not_found(
    cast: Cast, login: Login, path: str, data: dict[str, str]
) -> None:
    own, hidden = make_view(cast.manager), make_view(cast.stranger)
    path = path.format(own=own.pk, hidden=hidden.pk)
    assert login(cast.manager).post(path, data).status_code == 404


def test_views_of_a_list_need_its_permission(cast: Cast, login: Login) -> None:
    assert login(cast.manager).post("/lists/runs/views/", {"name": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (" ", "Give the view a name."),
        ("x" * 61, "A name has at most 60 characters."),
        ("At risk", "You have a view of this name already."),
    ],
)
def test_refused_name_changes_nothing(cast: Cast, login: Login, name: str, message: str) -> None:
    make_view(cast.manager)
    response = save(login(cast.manager), "grade=A", name=name)
    assert [str(each) for each in response.context["messages"]] == [message]
    assert [str(node.values) for node in response.context["list"].query.conditions] == ["('A',)"]
    assert SavedView.objects.count() == 1


def test_number_of_views_is_limited(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_VIEWS", 1)
    make_view(cast.manager)
    with pytest.raises(ValidationError, match="You have 1 views of this list"):
        make_view(cast.manager, "Second")
    make_view(cast.colleague)


def test_user_who_has_left_saves_nothing(cast: Cast) -> None:
    view = make_view(cast.manager)
    cast.manager.is_active = False
    with pytest.raises(PermissionDenied):
        make_view(cast.manager, "Second")
    for write in (delete_saved_view, open_with_view):
        with pytest.raises(PermissionDenied):
            write(view_id=view.pk, actor=cast.manager)
    with pytest.raises(PermissionDenied):
        update_saved_view(view_id=view.pk, name="x", query={}, is_shared=False, actor=cast.manager)


def test_many_views_are_reached_by_the_menu(cast: Cast, login: Login) -> None:
    for number in range(8):
        make_view(cast.manager, f"View {number}")
    client = login(cast.manager)
    page = shown(client, "/customers/")
    assert [str(link.label) for link in page.more_tab_links] == ["View 5", "View 6", "View 7"]
    current = shown(client, page.more_tab_links[1].url)
    assert "View 6" in [str(link.label) for link in current.shown_tab_links]


def test_view_that_this_version_cannot_read_shows_everything(cast: Cast, login: Login) -> None:
    view = create_saved_view(
        list_name=CUSTOMERS, name="Old", query={"version": 0}, is_shared=False, actor=cast.manager
    )
    client = login(cast.manager)
    assert shown(client, "/customers/").view_url(view) == f"/customers/?view={view.pk}"


def test_view_is_read_through_the_api(cast: Cast, django_assert_num_queries: Any) -> None:
    view = make_view(cast.head, is_shared=True)
    make_view(cast.colleague)
    api = key_client(cast.manager)
    with django_assert_num_queries(3):  # the key with its user; the ids; the views
        (result,) = api.get("/api/v1/saved-views/", {"list": CUSTOMERS}).json()["results"]
    assert result == {
        "id": view.pk,
        "list": CUSTOMERS,
        "name": "At risk",
        "owner": cast.head.employee_number,
        "is_shared": True,
        "parameters": "flag=2&flag=1&sort=-monetary",
    }
    assert api.get(f"/api/v1/customers/?{result['parameters']}").status_code == 200
    assert api.get("/api/v1/saved-views/?list=runs").json()["results"] == []
    assert api.get("/api/v1/saved-views/?lists=runs").status_code == 400
