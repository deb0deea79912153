"""Saved views of a list."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Open


def test_view_is_saved_shared_changed_and_deleted(open_as: Open) -> None:
    page = open_as("head", "/customers/?grade=B")
    page.locator("#list-views summary").click()
    page.get_by_label("Name of the view").fill("Grade B")
    page.locator(".view-shared input").check()
    page.get_by_label("Name of the view").press("Enter")
    tab = page.locator("#list-tabs a[aria-current]")
    expect(tab).to_have_text("Grade B")

    page.locator(".filter-set details", has_text="Stage").locator("summary").click()
    page.locator(".filter-set .menu-item", has_text="Developed").click()
    expect(tab).to_have_text("Grade B (changed)")
    page.locator("#list-views summary").click()
    page.get_by_role("button", name="Save changes").click()
    expect(tab).to_have_text("Grade B")
    expect(page.locator("#list-results a.chip")).to_have_count(2)

    colleague = open_as("manager", "/customers/")
    colleague.locator("#list-tabs a", has_text="Grade B").click()
    expect(colleague).to_have_url(re.compile(r"view=\d+&grade=B&stage=developed"))
    colleague.locator("#list-views summary").click()
    expect(colleague.get_by_role("button", name="Delete")).to_have_count(0)

    page.locator("#list-views summary").click()
    page.get_by_role("button", name="Delete “Grade B”").click()
    expect(page.locator("#list-tabs")).not_to_contain_text("Grade B")


def test_list_opens_with_a_view_on_a_phone_without_scripts(open_as: Open) -> None:
    page = open_as("divadmin", "/customers/?grade=A", width=360, scripts=False)
    page.locator("#list-views summary").click()
    page.locator("[name=name]").fill("Best")
    page.get_by_role("button", name="Save as a view").click()
    page.locator("#list-views summary").click()
    page.get_by_role("button", name="Open with this view").click()
    page.goto("/customers/")
    expect(page.locator("#list-tabs a[aria-current]")).to_have_text("Best")
    page.locator("#list-views summary").click()
    page.get_by_role("button", name="Delete “Best”").click()
