"""The frame of every page: shortcuts, search, drafts, failing fragments, phones, accessibility."""

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from demo.plan import PASSWORD
from tests.browser.conftest import Open

COLOR_SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}


def _sign_in_again(page: Page) -> None:
    page.locator("input[name=login]").fill("manager")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form[data-login] button[type=submit]").click()


def _stored_value(page: Page, key: str) -> object:
    return page.evaluate("key => localStorage.getItem(key)", key)


def test_palette_opens_by_shortcut_and_finds_a_customer_and_the_list(open_as: Open) -> None:
    page = open_as("manager", "/customers/")
    name = page.locator("td.name a").first.inner_text()
    page.keyboard.press("/")
    page.keyboard.type(name[:6])
    # After the server's response, customers come first, with their codes.
    options_with_code = page.locator("#palette-list [role=option]", has=page.locator("small"))
    expect(options_with_code.first).to_contain_text(name[:6])
    expect(page.locator("#palette-list [aria-selected=true]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    page.keyboard.press("Control+k")
    page.keyboard.type("no such customer")
    expect(page.locator("#palette-list [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/?q=no%20such%20customer")


def test_shortcuts_move_between_pages_and_rows_but_not_while_typing(open_as: Open) -> None:
    page = open_as("manager", "/customers/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("td.name a").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("td.name a").first).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    expect(page.locator("#shortcuts")).to_contain_text("Customers")
    page.keyboard.press("Escape")
    page.locator("main input[type=search]").first.click()
    page.keyboard.type("1?j")
    expect(page.locator("#shortcuts")).to_be_hidden()
    assert "/customers/" in page.url
    page.locator("h1").click()
    page.keyboard.press("1")
    page.wait_for_url(re.compile(r"//[^/]+/$"))  # the home page, whose path is /


def test_first_tab_stop_skips_the_menu(open_as: Open) -> None:
    page = open_as("manager", "/profile/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_narrow_menu_and_dark_theme_are_remembered(open_as: Open) -> None:
    page = open_as("manager", "/profile/")
    page.keyboard.press("[")
    page.locator(".topbar .menu summary").click()
    page.locator(".topbar [data-toggle-theme]").click()
    page.reload()
    root = page.locator("html")
    expect(root).to_have_class(re.compile("rail-narrow"))
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_draft_survives_a_lost_session_and_is_deleted_after_saving(open_as: Open) -> None:
    page = open_as("manager", "/profile/")
    user_id = page.locator("body").get_attribute("data-user")
    key = f"draft:{user_id}:profile"
    page.locator("#id_phone").fill("13900001111")
    page.context.clear_cookies(name="sessionid")
    page.locator("main form button.btn-primary").click()
    page.wait_for_url("**/login/?next=/profile/")
    assert "13900001111" in str(_stored_value(page, key))
    _sign_in_again(page)
    page.wait_for_url("**/profile/")
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator("#id_phone")).to_have_value("13900001111")
    page.locator("main form button.btn-primary").click()
    expect(page.locator(".notice")).to_contain_text("Saved")
    expect(page.locator(".draft-offer")).to_have_count(0)
    assert _stored_value(page, key) is None


def test_signing_out_deletes_the_drafts(open_as: Open) -> None:
    page = open_as("manager", "/profile/", fresh=True)
    page.locator("#id_phone").fill("13900002222")
    page.wait_for_timeout(500)  # a draft is stored 250 ms after the last key
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft:')).length")
    page.locator(".topbar .menu summary").click()
    page.locator(".topbar form[data-signs-out] button").click()
    page.wait_for_url("**/login/")
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft:'))") == []


def test_failed_fragment_shows_a_message_and_can_be_fetched_again(open_as: Open) -> None:
    page = open_as("manager", "/profile/")
    page.route("**/widgets/**", lambda route: route.fulfill(status=429))
    page.goto("/")
    problem = page.locator("main .problem").first
    expect(problem).to_contain_text("Too many requests")
    page.unroute("**/widgets/**")
    problems = page.locator("main .problem").count()
    problem.get_by_role("button", name="Try again").click()
    expect(page.locator("main .problem")).to_have_count(problems - 1)


def test_fragment_without_a_session_offers_to_sign_in(open_as: Open) -> None:
    page = open_as("manager", "/profile/")

    def answer_401(route: Route) -> None:
        route.fulfill(status=401)

    page.route("**/widgets/**", answer_401)
    page.goto("/")
    page.locator("main .problem").first.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/login/\?next=|//[^/]+/$"))


def test_form_is_sent_once_on_a_double_click(open_as: Open) -> None:
    page = open_as("manager", "/profile/")
    methods: list[str] = []
    page.on("request", lambda request: methods.append(request.method))
    page.locator("main form button.btn-primary").dblclick()
    expect(page.locator(".notice")).to_contain_text("Saved")
    assert methods.count("POST") == 1


def test_phone_has_a_bottom_bar_and_a_sheet_for_the_rest(open_as: Open) -> None:
    page = open_as("sysadmin", "/", width=360)
    bar = page.locator(".bottom-bar")
    expect(bar.locator("> *")).to_have_count(5)
    bar.locator("button").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_be_visible()
    expect(sheet.locator('a[href="/admin/"]')).to_be_visible()


@pytest.mark.parametrize("width", [1440, 360])
def test_frame_passes_the_accessibility_rules(open_as: Open, width: int) -> None:
    page = open_as("manager", "/profile/", width=width)
    for scheme in COLOR_SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        violations = Axe().run(page, options=AXE_OPTIONS).response["violations"]
        assert [
            (violation["id"], violation["nodes"][0]["target"]) for violation in violations
        ] == []
