"""Every page, in both languages, on a desk and on a phone: it fits, and everybody can use it.

The desk is light and the phone dark, so that the contrast of both is looked at.
"""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

Scheme = Literal["light", "dark"]
STANDARDS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# What a sentence of English looks like; names, codes and abbreviations are shorter.
ENGLISH = re.compile(r"\b[A-Za-z]{3,} [A-Za-z]{2,} [A-Za-z]{2,}\b")
MANAGERS = (
    "/",
    "/customers/",
    "/customers/?q=nobody-is-called-this",
    "/customers/new/",
    "/complaints/?state=all",
    "/complaints/new/",
    "/segments/",
    "/segments/?scheme=eleven",
    "/profile/",
    "/password/",
    "/customers/999999/",
    "/runs/",  # forbidden to them
)


def _records(page: Page) -> Iterator[str]:
    """Yield the addresses of a customer with much to show, its form, and a complaint."""
    page.goto("/customers/?sort=-monetary")
    customer = page.locator("td.name a").first.get_attribute("href") or ""
    page.goto("/complaints/?state=all")
    complaint = page.locator("td.name a").first.get_attribute("href") or ""
    assert customer
    assert complaint
    yield from (customer, f"{customer}edit/", complaint)


def _settle(page: Page) -> None:
    expect(page.locator("[aria-busy=true], .htmx-request")).to_have_count(0)
    expect(page.locator("main .problem")).to_have_count(0)
    expect(page.locator("[data-chart]:not(:has(canvas))")).to_have_count(0)


def _overflow(page: Page) -> int:
    """Return by how many pixels the page that is open is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def _faults(page: Page, language: str) -> list[str]:
    """Return what is wrong with the page that is open, in words."""
    _settle(page)
    faults = []
    wide = _overflow(page)
    if wide > 0:
        faults.append(f"{wide} px too wide")
    if page.locator("html").get_attribute("lang") != language:
        faults.append("says it is in another language")
    if page.locator("h1").count() != 1:
        faults.append("has not one heading")
    if language == "zh-hans":
        words = page.locator("main").inner_text()
        if not CHINESE.search(page.locator("h1").inner_text()):
            faults.append("its heading is not Chinese")
        faults += [f"English: {found}" for found in ENGLISH.findall(words)]
    broken = Axe().run(page, options=STANDARDS).response["violations"]
    return faults + [f"{one['id']}: {one['nodes'][0]['target']}" for one in broken]


def _walk(page: Page, addresses: Iterator[str], language: str) -> dict[str, list[str]]:
    found = {}
    for address in addresses:
        page.goto(address)
        if faults := _faults(page, language):
            found[address] = faults
    return found


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_fits_and_passes_the_accessibility_rules(
    open_as: Open, language: str, width: int
) -> None:
    scheme: Scheme = "dark" if width == 360 else "light"
    page = open_as("manager", language=language, width=width)
    page.emulate_media(reduced_motion="reduce", color_scheme=scheme)
    faults = _walk(page, iter((*_records(page), *MANAGERS)), language)
    page.context.clear_cookies(name="sessionid")
    faults |= _walk(page, iter(("/login/",)), language)

    page = open_as("sysadmin", language=language, width=width)
    page.emulate_media(reduced_motion="reduce", color_scheme=scheme)
    page.goto("/runs/")
    run = page.locator("td.name a").first.get_attribute("href") or ""
    assert re.fullmatch(r"/runs/\d+/", run)
    faults |= _walk(page, iter(("/runs/", run)), language)
    assert faults == {}


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_fits_without_scripts(open_as: Open, language: str, width: int) -> None:
    page = open_as("manager", language=language, width=width, scripts=False)
    overflow = {}
    for address in (*_records(page), *MANAGERS):
        page.goto(address)
        overflow[address] = _overflow(page)
    page.context.clear_cookies(name="sessionid")
    page.goto("/login/")
    overflow["/login/"] = _overflow(page)
    assert set(overflow.values()) == {0}, overflow
