"""A custom field from its definition to its use at every entry point, without any code."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.site import Site

# The field's label, and how history names the channels.
LABELS = {
    "en": {"field": "Leased lines", "command": "by a command",
           "api": "through the API", "browser": "in the browser"},
    "zh-hans": {"field": "专线条数", "command": "命令行",
                "api": "接口", "browser": "网页"},
}  # fmt: skip


def _define(page: Page, key: str) -> None:
    """Fill in and save the administration's form for a new custom field, which is a number."""
    page.locator("#id_record_type").select_option("customer")
    page.locator("#id_key").fill(key)
    page.locator("#id_label_zh").fill(f"专线条数 {key}")
    page.locator("#id_label_en").fill(f"Leased lines {key}")
    page.locator("#id_kind").select_option("number")
    page.locator("#id_in_list").check()
    page.locator("[name=_save]").click()
    page.wait_for_url(re.compile(r"/admin/core/customfield/$"))


def _patch(page: Page, pk: str, key: str, value: int) -> None:
    """Change the field of a customer by the API, in the session of the page."""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    response = page.context.request.patch(
        f"/api/v1/customers/{pk}/",
        data={"custom_fields": {key: value}},
        headers={"If-Match": "*", "X-CSRFToken": cookies["csrftoken"], "Referer": page.url},
    )
    assert response.ok, response.text()
    assert response.json()["custom_fields"][key] == str(value)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_custom_field_is_defined_filled_imported_filtered_patched_and_read_in_history(
    open_as: Open, site: Site, tmp_path: Path, language: str
) -> None:
    labels, key = LABELS[language], f"lines_{language.partition('-')[0]}"
    _define(open_as("sysadmin", "/admin/core/customfield/add/", language=language), key)

    page = open_as("manager", "/customers/?owner=mine", language=language)
    row = page.locator("#list-results tbody tr").first
    code = row.locator("small").first.inner_text()
    row.locator("a").first.click()
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    address = page.url
    pk = address.rstrip("/").rpartition("/")[2]
    page.goto(f"{address}edit/")
    field = page.locator(f"#id_custom_{key}")
    field.fill("many")
    page.locator("main form .btn-primary").click()
    expect(page.locator(".errorlist")).to_be_visible()
    expect(field).to_have_value("many")  # the typed value is kept
    field.fill("1,204")
    page.locator("main form .btn-primary").click()
    page.wait_for_url(address)
    basics = page.locator("#panel-basics")
    expect(basics).to_contain_text(labels["field"])
    expect(basics).to_contain_text("1,204")

    file = tmp_path / "专线.csv"
    file.write_bytes(f"客户编码,专线条数 {key}\n{code},77\n".encode("gb18030"))
    site.manage("import_customers", str(file))

    page.goto("/customers/")
    page.locator(".more-filters > summary").click()
    page.locator(".more-filters .menu summary", has_text=f"{labels['field']} {key}").click()
    page.locator(f"input[name=custom_{key}__gte]").fill("77")
    page.locator(f"input[name=custom_{key}__gte]").press("Enter")
    rows = page.locator("#list-results tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text(code)
    expect(rows.first).to_contain_text("77")

    _patch(page, pk, key, 78)
    page.goto(address)
    history = page.locator("#panel-basics .timeline")
    for text in ("1,204", "77", "78", *(labels[name] for name in ("command", "api", "browser"))):
        expect(history).to_contain_text(text)
