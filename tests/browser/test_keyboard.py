"""Using the lists, forms and filters by keyboard only."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

FOCUS_IS_VISIBLE = """() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const ring = parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none";
    return box.width > 0 && box.height > 0 && (ring || style.boxShadow !== "none");
}"""
FOCUSED_ELEMENT = "() => document.activeElement.id || document.activeElement.textContent.trim()"


def _tab_to(page: Page, id_or_text: str, *, max_tabs: int = 60) -> None:
    """Press Tab until the element has the focus; check that the focus is visible at every stop."""
    for _ in range(max_tabs):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_VISIBLE), page.evaluate(FOCUSED_ELEMENT)
        if page.evaluate(FOCUSED_ELEMENT) == id_or_text:
            return
    raise AssertionError(f"{id_or_text} cannot be reached")


def test_customer_is_found_opened_changed_and_saved_by_keyboard(open_as: Open) -> None:
    page = open_as("manager", "/customers/?owner=mine")
    page.keyboard.press("j")
    assert page.evaluate(FOCUS_IS_VISIBLE)
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


def test_slash_opens_the_search_and_escape_returns_the_focus(open_as: Open) -> None:
    page = open_as("manager", "/complaints/?view=all")
    page.keyboard.press("j")
    focused_before = page.evaluate(FOCUSED_ELEMENT)
    page.keyboard.press("/")
    field = page.locator("#palette input[name=q]")
    expect(field).to_be_focused()
    assert field.input_value() == ""
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    assert page.evaluate(FOCUSED_ELEMENT) == focused_before


def test_list_is_filtered_by_keyboard(open_as: Open) -> None:
    page = open_as("manager", "/customers/")
    page.locator("#list-search").focus()
    _tab_to(page, "Stage")
    page.keyboard.press("Enter")
    expect(page.locator(".filter-set details[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".filter-set details[open]")).to_have_count(0)
    page.keyboard.press("Enter")
    _tab_to(page, "Developed", max_tabs=10)
    page.keyboard.press("Enter")
    expect(page.locator("#list-results a.chip")).to_contain_text("Developed")
