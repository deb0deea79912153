"""Files of a customer and of a complaint: adding, opening and removing them in the browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

CUSTOMER_PAGE = re.compile(r"/customers/\d+/$")
PANEL = "#panel-files"


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """A text of a few lines on the user's disk."""
    path = tmp_path / "会议纪要 5 月.txt"
    path.write_text("议题：续约\n", encoding="utf-8")
    return path


def _first_customer(page: Page) -> str:
    return page.locator("td.name a").first.get_attribute("href") or ""


def test_file_is_added_opened_and_removed_by_keyboard(open_as: Open, text_file: Path) -> None:
    page = open_as("manager", "/customers/?owner=mine")
    page.goto(_first_customer(page))
    panel = page.locator(PANEL)
    panel.locator("input[type=file]").set_input_files(text_file)
    panel.get_by_role("button", name="Add the file").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text(f"“{text_file.name}” was added")
    file = panel.locator("li", has_text=text_file.name)
    expect(file).to_contain_text("Text · ")
    expect(page).to_have_url(CUSTOMER_PAGE)  # the page was not loaded anew
    with page.expect_download() as download:
        file.get_by_role("link", name=text_file.name, exact=True).press("Enter")
    assert download.value.suggested_filename == text_file.name
    assert download.value.path().read_text(encoding="utf-8") == "议题：续约\n"

    file.get_by_role("link", name=f"Remove {text_file.name}").press("Enter")
    expect(page.locator("main")).to_contain_text(f"Remove “{text_file.name}” from")
    page.get_by_role("button", name="Remove the file").press("Enter")
    page.wait_for_url(CUSTOMER_PAGE)
    expect(page.locator("#notices")).to_contain_text(f"“{text_file.name}” was removed")
    expect(panel.locator("header")).to_be_visible()
    expect(panel.locator("li", has_text=text_file.name)).to_have_count(0)


def test_refused_file_is_explained_in_the_panel(open_as: Open, tmp_path: Path) -> None:
    program = tmp_path / "报价.exe"
    program.write_bytes(b"MZ")
    page = open_as("manager", "/customers/?owner=mine")
    page.goto(_first_customer(page))
    panel = page.locator(PANEL)
    panel.locator("input[type=file]").set_input_files(program)
    panel.get_by_role("button", name="Add the file").click()
    expect(panel.get_by_role("alert")).to_contain_text("is a program or script")
    expect(panel.locator("input[type=file]")).to_be_focused()


def test_file_is_added_without_scripts(open_as: Open, text_file: Path) -> None:
    page = open_as("agent", "/complaints/", scripts=False)
    page.goto(page.locator("main tbody a").first.get_attribute("href") or "")
    page.locator(f"{PANEL} input[type=file]").set_input_files(text_file)
    page.locator(PANEL).get_by_role("button", name="Add the file").click()
    expect(page.locator(PANEL)).to_contain_text(text_file.name)
    expect(page.locator(".timeline")).to_contain_text("added a file")


def test_page_in_a_picture_runs_no_script(open_as: Open, tmp_path: Path) -> None:
    picture = tmp_path / "picture.html"
    script = b"<!doctype html><script>document.title = 'attacked'</script>"
    picture.write_bytes(b"GIF89a/*" + script)
    page = open_as("manager", "/customers/?owner=mine")
    page.goto(_first_customer(page))
    panel = page.locator(PANEL)
    panel.locator("input[type=file]").set_input_files(picture)
    panel.get_by_role("button", name="Add the file").click()
    with page.context.expect_page() as opened:
        panel.get_by_role("link", name="picture.html", exact=True).click()
    opened.value.wait_for_load_state()
    assert opened.value.title() != "attacked"
