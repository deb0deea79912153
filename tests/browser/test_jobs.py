"""Jobs in a browser: a file is checked and imported, and a list is exported."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Open

CUSTOMERS = "客户编码,客户名称\nBROWSER1,浏览器导入的公司\nBROWSER2,\n"


def test_file_is_checked_then_imported_and_its_refused_rows_are_shown(
    open_as: Open, tmp_path: Path
) -> None:
    file = tmp_path / "客户.csv"
    file.write_bytes(CUSTOMERS.encode("gb18030"))
    page = open_as("divadmin", "/imports/")
    page.locator("#id_file").set_input_files(file)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(re.compile(r"/jobs/\d+/$"))
    expect(page.get_by_text("nothing is stored yet")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Import now").press("Enter")
    expect(page.get_by_text("nothing is stored yet")).to_have_count(0)
    expect(page.locator("[data-tone=good]")).to_have_text("Done")
    with page.expect_download() as download:
        page.get_by_role("link", name="rejects.csv").click()
    assert "BROWSER2" in download.value.path().read_text("utf-8-sig")
    page.goto("/customers/?q=BROWSER1")
    expect(page.get_by_role("link", name="浏览器导入的公司")).to_be_visible()


def test_export_has_what_the_list_shows_after_a_search(open_as: Open) -> None:
    page = open_as("manager", "/customers/")
    name = page.locator("td.name a").first.inner_text()
    page.locator("#list-search").fill(name)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("#list-export summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Text (CSV)").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert name in lines[1]


def test_export_menu_is_on_the_screen_of_a_phone(open_as: Open) -> None:
    page = open_as("manager", "/customers/", width=360)
    page.locator("#list-export summary").click()
    box = page.get_by_role("button", name="Text (CSV)").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
