"""The bell and the page of notices."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

SECONDS = 60  # in which the scheduler has let the consumers handle a change


def _unread(page: Page) -> int:
    """Return the number that the bell shows."""
    count = page.locator(".bell-count")
    return int(count.inner_text()) if count.count() else 0


def test_bell_leads_to_notices_and_following_one_marks_it_as_read(open_as: Open) -> None:
    page = open_as("manager")
    unread = _unread(page)
    assert unread >= 2
    expect(page.locator("#bell")).to_have_accessible_name(f"Notices, {unread} unread")
    page.locator("#bell").click()
    page.wait_for_url("**/notices/")
    expect(page.locator(".notice-list [data-unread]")).to_have_count(unread)
    page.locator(".notice-list [data-unread] a", has_text="complaint").click()
    page.wait_for_url(re.compile(r"/complaints/\d+/$"))
    expect(page.locator("#bell")).to_have_accessible_name(f"Notices, {unread - 1} unread")
    page.go_back()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".notice-list [data-unread]")).to_have_count(0)
    expect(page.locator("#bell")).to_have_accessible_name("Notices")


def test_customer_given_by_the_head_is_a_notice_of_its_new_owner(open_as: Open) -> None:
    head = open_as("head", "/customers/?owner=none")
    customer = head.locator("td.name a").first
    name, path = customer.inner_text(), customer.get_attribute("href")
    head.goto(f"{path}edit/")
    colleague = head.locator("select[name=owner] option", has_text="(colleague)")
    head.locator("select[name=owner]").select_option(colleague.get_attribute("value"))
    head.locator("main form .btn-primary").click()
    head.wait_for_url(f"**{path}")

    owner = open_as("colleague", "/notices/")
    notice = owner.locator(".notice-list li", has_text=name)
    for _ in range(SECONDS):
        if notice.count():
            break
        owner.wait_for_timeout(1000)
        owner.reload()
    expect(notice).to_have_attribute("data-unread", "")


def test_notices_can_be_read_without_scripts_on_a_phone(open_as: Open) -> None:
    page = open_as("divadmin", "/", width=360, scripts=False)
    page.locator("#bell").click()
    expect(page.locator(".notice-list")).to_contain_text("The import of")
    unread = page.locator(".notice-list [data-unread]")
    count = unread.count()
    page.locator(".notice-list button").first.click()
    expect(unread).to_have_count(count - 1)
