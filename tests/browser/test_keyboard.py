"""The way from the list to a saved change, without a mouse."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

FOCUS_IS_SEEN = """() => {
    const one = document.activeElement;
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    const ring = parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none";
    return box.width > 0 && box.height > 0 && (ring || style.boxShadow !== "none");
}"""
WHERE = "() => document.activeElement.id || document.activeElement.textContent.trim()"


def _tab_to(page: Page, wanted: str, *, at_most: int = 60) -> None:
    """Press Tab until the thing of that id or text has the focus, seen at every stop."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_SEEN), page.evaluate(WHERE)
        if page.evaluate(WHERE) == wanted:
            return
    raise AssertionError(f"{wanted} cannot be reached")


def test_customer_is_found_opened_changed_and_saved_by_keyboard(open_as: Open) -> None:
    page = open_as("manager", "/customers/?owner=mine")
    page.keyboard.press("j")
    assert page.evaluate(FOCUS_IS_SEEN)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    page.keyboard.press("e")
    page.wait_for_url("**/edit/")
    _tab_to(page, "id_name")
    page.keyboard.press("End")
    page.keyboard.type("二部")
    name = page.locator("#id_name").input_value()
    _tab_to(page, "Save")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    expect(page.locator("h1")).to_contain_text(name)
    assert name.endswith("二部")


def test_slash_opens_the_search_and_escape_gives_the_focus_back(open_as: Open) -> None:
    page = open_as("manager", "/complaints/?state=all")
    page.keyboard.press("j")
    before = page.evaluate(WHERE)
    page.keyboard.press("/")
    field = page.locator("#palette input[name=q]")
    expect(field).to_be_focused()
    assert field.input_value() == ""
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    assert page.evaluate(WHERE) == before


def test_list_is_filtered_by_keyboard(open_as: Open) -> None:
    page = open_as("manager", "/customers/")
    page.locator("#customer-search").focus()
    _tab_to(page, "Stage")
    page.keyboard.press("Enter")
    expect(page.locator(".filter-set details[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".filter-set details[open]")).to_have_count(0)
    page.keyboard.press("Enter")
    _tab_to(page, "Developed", at_most=10)
    page.keyboard.press("Enter")
    expect(page.locator("#customer-results a.chip")).to_contain_text("Developed")
