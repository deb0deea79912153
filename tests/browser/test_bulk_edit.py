"""Selecting rows of a list, editing and exporting them."""

from playwright.sync_api import expect

from tests.browser.conftest import Open


def test_selected_customers_are_edited_and_the_edit_is_undone(open_as: Open) -> None:
    page = open_as("head", "/customers/?owner=none")
    bar = page.locator("#list-selection")
    expect(bar).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("Selected: 1")
    boxes = page.locator("td.select input")
    boxes.nth(3).click(modifiers=["Shift"])
    expect(bar).to_contain_text("Selected: 4")
    page.locator("[data-select-page]").check()
    expect(bar).to_contain_text(f"Selected: {boxes.count()}")
    page.locator("[data-select-page]").uncheck()
    expect(bar).to_be_hidden()

    boxes.nth(0).check()
    boxes.nth(1).check()
    bar.locator("summary", has_text="Edit").click()
    bar.get_by_role("button", name="Source").click()
    page.locator("select[name=source]").select_option(index=1)
    page.get_by_role("button", name="Change 2 rows").click()
    page.wait_for_url("**/customers/?owner=none")
    message = page.locator("#notices .notice")
    expect(message).to_contain_text("changed.")
    message.get_by_role("link", name="Details and undo").click()
    page.get_by_role("button", name="Undo these changes").click()
    expect(page.locator("#job")).to_contain_text("Done", timeout=60_000)
    expect(page.locator("#job")).to_contain_text("Source: earlier values restored")


def test_rows_are_edited_on_a_phone_without_scripts(open_as: Open) -> None:
    page = open_as("divadmin", "/customers/", width=360, scripts=False)
    page.locator("td.select input").first.check()
    bar = page.locator("#list-selection")
    bar.get_by_label("that match").check()
    bar.locator("summary", has_text="Edit").click()
    bar.get_by_role("button", name="Stage").click()
    expect(page.locator("main form .btn-primary")).to_contain_text("rows")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("td.select input").first).not_to_be_checked()
