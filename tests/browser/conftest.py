"""Fixtures of the browser tests: the running product, and pages of a real Chromium."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState, sync_playwright

from demo.plan import PASSWORD
from tests.browser.site import Site, running_site

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""

Open = Callable[..., Page]  # the fixture ``open_as``
# How Chromium and htmx report a response with a 4xx status, which some tests expect.
EXPECTED_CONSOLE_ERROR = re.compile(r"status of 4|Status Error Code 4")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder; skip them without Chromium, except in CI."""
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            if not CHROMIUM and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Site]:
    """The running product."""
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a pytest worker.

    While it runs, Playwright keeps an event loop in this thread, and Django refuses database access
    in a thread with an event loop. DJANGO_ALLOW_ASYNC_UNSAFE permits it.
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
    """The cookies of users who have signed in, by employee number: signing in takes a second."""
    return {}


@pytest.fixture
def open_as(site: Site, chromium: Browser, sessions: dict[str, StorageState]) -> Iterator[Open]:
    """Return ``open_as(employee_number, path)``: it opens a page as a user of the demo company.

    The session is shared by the tests; ``fresh=True`` signs in to a new one, for tests that sign
    out. ``width`` is in pixels. ``scripts=False`` switches JavaScript off. At its end the test
    fails if the browser's console had an error (script, content security policy, missing file).
    """
    console_errors: list[str] = []
    contexts = []

    def record_error(message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED_CONSOLE_ERROR.search(message.text):
            console_errors.append(message.text)

    def open_page(
        employee_number: str,
        path: str = "/",
        *,
        language: str = "en",
        width: int = 1440,
        fresh: bool = False,
        scripts: bool = True,
    ) -> Page:
        stored_session = None if fresh else sessions.get(employee_number)
        context = chromium.new_context(
            base_url=site.address,
            viewport={"width": width, "height": 900 if width > 500 else 740},
            locale="zh-CN" if language == "zh-hans" else "en-GB",
            storage_state=stored_session,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", record_error)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        if stored_session is None:
            sign_in(page, employee_number)
            if not fresh:
                sessions[employee_number] = context.storage_state()
        choose_language(page, language)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert console_errors == []


def sign_in(page: Page, employee_number: str) -> None:
    """Sign in through the login page."""
    page.goto("/login/")
    page.locator("input[name=login]").fill(employee_number)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form[data-login] button[type=submit]").click()
    page.wait_for_url("**/", wait_until="commit")


def choose_language(page: Page, language: str) -> None:
    """Set the language of the signed-in user, or of the browser if nobody is signed in."""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    address = page.context.request.get("/healthz").url.removesuffix("healthz")
    response = page.context.request.post(
        "/language/",
        form={"language": language, "csrfmiddlewaretoken": cookies["csrftoken"]},
        headers={"Referer": address},
        max_redirects=0,
    )
    assert response.status == 302
