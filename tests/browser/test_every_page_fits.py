"""Every page in both languages, on a desktop and a phone: width, language, accessibility.

The desktop uses the light theme and the phone the dark one, so that both contrasts are checked.
"""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

ColorScheme = Literal["light", "dark"]
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Three English words in a row on a Chinese page are an untranslated text; names, codes and
# abbreviations are shorter.
ENGLISH = re.compile(r"\b[A-Za-z]{3,} [A-Za-z]{2,} [A-Za-z]{2,}\b")
MANAGER_PATHS = (
    "/",
    "/customers/",
    "/customers/?q=nobody-is-called-this",
    "/customers/new/",
    "/interactions/",
    "/interactions/?view=all&q=nobody-said-this",
    "/interactions/new/",
    "/complaints/?view=all",
    "/complaints/new/",
    "/segments/",
    "/segments/?scheme=eleven",
    "/notices/",
    "/jobs/",
    "/profile/",
    "/password/",
    "/customers/999999/",  # does not exist
    "/runs/",  # forbidden to managers
)


def _records(page: Page) -> Iterator[str]:
    """Yield the paths of a customer, an interaction, their forms, a complaint, pages of files."""
    page.goto("/customers/?sort=-monetary")
    customer = page.locator("td.name a").first.get_attribute("href") or ""
    page.goto("/interactions/")
    interaction = page.locator("td.name a").first.get_attribute("href") or ""
    page.goto("/complaints/?view=all")
    complaint = page.locator("td.name a").first.get_attribute("href") or ""
    assert customer
    assert interaction
    assert complaint
    yield from (customer, f"{customer}edit/", interaction, f"{interaction}edit/", complaint)
    page.goto("/customers/?owner=mine&sort=code")  # the first ones have files
    files = f"{page.locator('td.name a').first.get_attribute('href')}files/"
    page.goto(files)
    yield from (
        files,
        page.locator("main li a[href$='/remove/']").first.get_attribute("href") or "",
    )


def _wait_until_loaded(page: Page) -> None:
    expect(page.locator("[aria-busy=true], .htmx-request")).to_have_count(0)
    expect(page.locator("main .problem")).to_have_count(0)
    expect(page.locator("[data-chart]:not(:has(canvas))")).to_have_count(0)


def _overflow(page: Page) -> int:
    """Return by how many pixels the open page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def _problems_of_page(page: Page, language: str) -> list[str]:
    """Return what is wrong with the open page, as texts."""
    _wait_until_loaded(page)
    problems = []
    overflow = _overflow(page)
    if overflow > 0:
        problems.append(f"{overflow} px too wide")
    if page.locator("html").get_attribute("lang") != language:
        problems.append("its lang attribute names another language")
    if page.locator("h1").count() != 1:
        problems.append("does not have exactly one h1")
    if language == "zh-hans":
        text = page.locator("main").inner_text()
        if not CHINESE.search(page.locator("h1").inner_text()):
            problems.append("its heading is not Chinese")
        problems += [f"English: {match}" for match in ENGLISH.findall(text)]
    violations = Axe().run(page, options=AXE_OPTIONS).response["violations"]
    return problems + [
        f"{violation['id']}: {violation['nodes'][0]['target']}" for violation in violations
    ]


def _problems_by_path(page: Page, paths: Iterator[str], language: str) -> dict[str, list[str]]:
    """Open each path and return the problems of those that have any."""
    problems_by_path = {}
    for path in paths:
        page.goto(path)
        if problems := _problems_of_page(page, language):
            problems_by_path[path] = problems
    return problems_by_path


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_fits_and_passes_the_accessibility_rules(
    open_as: Open, language: str, width: int
) -> None:
    scheme: ColorScheme = "dark" if width == 360 else "light"
    page = open_as("manager", language=language, width=width)
    page.emulate_media(reduced_motion="reduce", color_scheme=scheme)
    problems = _problems_by_path(page, iter((*_records(page), *MANAGER_PATHS)), language)
    page.context.clear_cookies(name="sessionid")
    problems |= _problems_by_path(page, iter(("/login/",)), language)

    page = open_as("sysadmin", language=language, width=width)
    page.emulate_media(reduced_motion="reduce", color_scheme=scheme)
    page.goto("/runs/")
    run = page.locator("td.name a").first.get_attribute("href") or ""
    assert re.fullmatch(r"/runs/\d+/", run)
    problems |= _problems_by_path(page, iter(("/runs/", run)), language)
    assert problems == {}


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_fits_without_scripts(open_as: Open, language: str, width: int) -> None:
    page = open_as("manager", language=language, width=width, scripts=False)
    overflow_by_path = {}
    for path in (*_records(page), *MANAGER_PATHS):
        page.goto(path)
        overflow_by_path[path] = _overflow(page)
    page.context.clear_cookies(name="sessionid")
    page.goto("/login/")
    overflow_by_path["/login/"] = _overflow(page)
    assert set(overflow_by_path.values()) == {0}, overflow_by_path
