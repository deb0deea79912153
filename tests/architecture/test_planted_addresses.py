"""The checks in ``checks/addresses.py`` report planted views and parts that break their rules.

The planted views, panels and widgets are in ``planted.py``.
"""

from http import HTTPStatus

import pytest
from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin, TabularInline
from django.db import models
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import isolate_apps
from django.urls import URLPattern, URLResolver, get_resolver, path

from core.composition import HomeWidget, load_parts
from crm.composition import CustomerPanel
from crm.models import Customer, Grade, Transaction
from tests.architecture import planted
from tests.architecture.checks.addresses import (
    duplicate_names,
    find_addresses,
    missing_from_matrix,
    parts_missing_from_matrix,
    unguarded_views,
    unrestricted_admins,
)
from tests.architecture.checks.exceptions import UNSCOPED_MODELS
from tests.architecture.checks.model_facts import product_models
from tests.architecture.checks.scoped_models import models_without_visibility
from tests.architecture.matrix import PANELS, PUBLIC, ROWS, WIDGETS
from tests.permission_matrix import make_world

MATRIX_KEYS = {(row.name, row.method) for row in ROWS}
PLANTED_MODULE = "tests.architecture.planted"


def _with_planted(*patterns: URLPattern) -> list[URLPattern | URLResolver]:
    """Return the product's included URL patterns and the planted ones.

    A planted pattern replaces one of the product that has the same name.
    """
    names = {pattern.name for pattern in patterns}
    other_patterns = [
        pattern
        for resolver in get_resolver().url_patterns
        if isinstance(resolver, URLResolver) and resolver.namespace != "admin"
        for pattern in resolver.url_patterns
        if getattr(pattern, "name", None) not in names
    ]
    return [*other_patterns, *patterns]


def test_handler_without_a_row_is_reported() -> None:
    url_patterns = _with_planted(
        path("runs/<int:pk>/", planted.GuardedRunPageThatDeletes.as_view(), name="run")
    )
    missing = missing_from_matrix(find_addresses(url_patterns), MATRIX_KEYS, PUBLIC)
    assert [line.split(":")[0] for line in missing] == ["DELETE run"]
    assert unguarded_views(find_addresses(url_patterns)) == []


def test_handler_that_writes_on_a_permission_to_view_is_reported() -> None:
    url_patterns = _with_planted(
        path("runs/<int:pk>/", planted.RunPageThatDeletes.as_view(), name="run")
    )
    assert unguarded_views(find_addresses(url_patterns)) == [
        "run: RunPageThatDeletes takes delete on run.view; name a write_permission that writes"
    ]


@pytest.mark.parametrize("view", [planted.ViewWithoutPermission, planted.PageWithOwnDispatch])
def test_view_that_checks_no_permission_is_reported(
    view: type[planted.ViewWithoutPermission],
) -> None:
    url_patterns = _with_planted(path("rumours/", view.as_view(), name="rumours"))
    assert {line.split(":")[0] for line in unguarded_views(find_addresses(url_patterns))} == {
        "rumours"
    }
    missing = missing_from_matrix(find_addresses(url_patterns), MATRIX_KEYS, PUBLIC)
    assert {line.split(":")[0].split()[-1] for line in missing} == {"rumours"}


def test_function_without_a_row_is_reported_for_every_method() -> None:
    url_patterns = _with_planted(path("rumours/", lambda request: HttpResponse(), name="rumours"))
    missing = missing_from_matrix(find_addresses(url_patterns), MATRIX_KEYS, PUBLIC)
    assert {line.split(" ")[0] for line in missing} == {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_two_urls_of_one_name_are_reported() -> None:
    patterns = [path("customers/", planted.ViewWithoutPermission.as_view(), name="customers")] * 2
    assert duplicate_names(find_addresses(patterns)) == {"customers"}


def test_panel_and_widget_without_a_row_are_reported() -> None:
    panels = load_parts(
        [*settings.CUSTOMER_PANELS, f"{PLANTED_MODULE}.Subsidiaries"], CustomerPanel
    )
    widgets = load_parts([*settings.HOME_WIDGETS, f"{PLANTED_MODULE}.Rumours"], HomeWidget)
    assert parts_missing_from_matrix([panel.slug for panel in panels], PANELS, "panel") == [
        "panel subsidiaries: no row in tests/<app>/matrix.py"
    ]
    assert parts_missing_from_matrix([widget.slug for widget in widgets], WIDGETS, "widget") == [
        "widget rumours: no row in tests/<app>/matrix.py"
    ]


def test_admin_page_without_rows_is_reported_with_its_additional_url() -> None:
    site = AdminSite()
    site.register(Transaction, planted.AdminWithExtraUrl)
    urls, _app, namespace = site.urls
    found = find_addresses([path("admin/", (urls, "admin", namespace))])
    missing = missing_from_matrix(found, MATRIX_KEYS, PUBLIC)
    for page in ("export", "changelist", "add", "change", "delete", "history"):
        assert any(f"GET admin:crm_transaction_{page}:" in line for line in missing), page
        assert any(f"POST admin:crm_transaction_{page}:" in line for line in missing), page


def test_admin_page_that_reads_without_visible_to_is_reported() -> None:
    class Below(TabularInline[Customer, Customer]):
        model = Customer

    class WithInline(planted.AdminWithExtraUrl):
        inlines = [Below]

    site = AdminSite()
    site.register(Grade, ModelAdmin)
    site.register(Customer, WithInline)
    assert unrestricted_admins(site) == [
        "Grade: its admin is no ServiceModelAdmin",
        "Customer: the inline Below reads every row of a scoped model",
    ]


@isolate_apps("crm")
def test_model_that_is_neither_scoped_nor_listed_as_unscoped_is_reported() -> None:
    class Rumour(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "crm"

    assert models_without_visibility([*product_models(), Rumour], UNSCOPED_MODELS) == {"crm.Rumour"}


@pytest.mark.django_db
@override_settings(ROOT_URLCONF="tests.architecture.planted_urls")
def test_page_that_writes_needs_a_write_permission_of_its_own() -> None:
    """Without one, users who may only view the page could write."""
    client = Client()
    client.force_login(make_world().cast.auditor)
    assert client.delete("/unguarded/1/").status_code == HTTPStatus.OK
    assert client.delete("/guarded/1/").status_code == HTTPStatus.FORBIDDEN
