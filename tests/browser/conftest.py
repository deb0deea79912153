"""A real Chromium in front of the whole product."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState, sync_playwright

from tests.browser.site import Site, running_site

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
PASSWORD = "demo-pass-2026"  # make_demo gives it to everybody

Open = Callable[..., Page]
REFUSAL = re.compile(r"status of 4|Status Error Code 4")  # as the browser and htmx put it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder; skip it only where there is no browser, and never in CI."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            if not CHROMIUM and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Site]:
    """The product, running."""
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a worker.

    The driver keeps an event loop running in this thread for as long as it lives, which Django
    takes for asynchronous code, in every test that the worker runs afterwards.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sessions() -> dict[str, StorageState]:
    """Who has signed in already, with their cookies: signing in anew takes a second every time."""
    return {}


@pytest.fixture
def open_as(site: Site, chromium: Browser, sessions: dict[str, StorageState]) -> Iterator[Open]:
    """Return ``open_as(employee_number, path, language=, width=, …)``: a page, signed in.

    ``fresh`` is for who signs out: a session of their own. ``scripts=False`` is a browser in which
    JavaScript is switched off. Whatever the browser complains about on the way (scripts, content
    security policy, missing files) fails the test.
    """
    complaints: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not REFUSAL.search(message.text):
            complaints.append(message.text)

    def open_page(
        employee_number: str,
        path: str = "/",
        *,
        language: str = "en",
        width: int = 1440,
        fresh: bool = False,
        scripts: bool = True,
    ) -> Page:
        kept = None if fresh else sessions.get(employee_number)
        context = chromium.new_context(
            base_url=site.address,
            viewport={"width": width, "height": 900 if width > 500 else 740},
            locale="zh-CN" if language == "zh-hans" else "en-GB",
            storage_state=kept,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if kept is None:
            sign_in(page, employee_number)
            if not fresh:
                sessions[employee_number] = context.storage_state()
        choose_language(page, language)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def sign_in(page: Page, employee_number: str) -> None:
    """Sign in through the login page."""
    page.goto("/login/")
    page.locator("input[name=login]").fill(employee_number)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form[data-login] button[type=submit]").click()
    page.wait_for_url("**/", wait_until="commit")


def choose_language(page: Page, language: str) -> None:
    """Set the language of whoever is signed in, or of this browser where nobody is."""
    cookies = {each["name"]: each["value"] for each in page.context.cookies()}
    address = page.context.request.get("/healthz").url.removesuffix("healthz")
    answer = page.context.request.post(
        "/language/",
        form={"language": language, "csrfmiddlewaretoken": cookies["csrftoken"]},
        headers={"Referer": address},
        max_redirects=0,
    )
    assert answer.status == 302
