"""Logging an interaction on the customer page, by keyboard."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open


def _open_customer(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    expect(page.locator("#id_content")).to_be_visible()


def test_interaction_is_logged_by_keyboard(open_as: Open) -> None:
    page = open_as("manager", "/customers/?owner=mine")
    _open_customer(page)
    panel = page.locator("#panel-interactions")
    expect(page.locator("#id_channel")).to_be_hidden()
    page.keyboard.press("i")
    expect(page.locator("#id_content")).to_be_focused()
    expect(page.locator("#id_channel")).to_be_visible()
    page.keyboard.type("谈了专线续约，同意签三年。")
    page.keyboard.press("Tab")
    expect(page.locator("#id_channel")).to_be_focused()
    page.locator("#id_next_step").focus()
    page.keyboard.type("寄合同")
    page.keyboard.press("Control+Enter")
    # The date of the next step is missing: nothing that was typed is lost, and the cursor is there.
    expect(page.locator("#id_next_step_on")).to_be_focused()
    expect(page.locator("#id_content")).to_have_value("谈了专线续约，同意签三年。")
    page.locator("#id_next_step_on").fill("2099-01-31")
    page.keyboard.press("Control+Enter")
    expect(panel.locator(".entries li").first).to_contain_text("谈了专线续约，同意签三年。")
    expect(panel.locator(".entries li").first).to_contain_text("寄合同")
    expect(page.locator(".notice")).to_contain_text("Interaction logged")
    expect(page.locator("#id_content")).to_have_value("")


def test_typed_text_survives_leaving_the_page(open_as: Open) -> None:
    page = open_as("manager", "/customers/?owner=mine")
    _open_customer(page)
    page.keyboard.press("i")
    page.keyboard.type("写到一半")
    page.wait_for_timeout(400)  # drafts are stored 250 ms after the last key
    page.reload()
    page.locator(".draft-offer button").first.click()
    expect(page.locator("#id_content")).to_have_value("写到一半")
    page.locator("#id_content").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#panel-interactions .entries li").first).to_contain_text("写到一半")
    page.reload()
    expect(page.locator("#id_content")).to_be_visible()
    expect(page.locator(".draft-offer")).to_have_count(0)


def test_interaction_is_deleted_after_a_question(open_as: Open) -> None:
    page = open_as("manager", "/interactions/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/interactions/\d+/$"))
    page.get_by_role("button", name="Delete").click()
    dialog = page.locator("dialog#delete")
    expect(dialog).to_contain_text("Delete this interaction with")
    dialog.locator(".btn-danger").click()
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    expect(page.locator(".notice")).to_contain_text("Interaction deleted")
