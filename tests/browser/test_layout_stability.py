"""Nothing on a form or a list moves or overflows while scripts replace selects by pickers.

The test holds back one file that the pickers need, looks at the page as it is without it, lets the
file through, and compares the layout at every change of the page and in every frame.
"""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open

# What pickers need, in the order in which it is loaded: our script, which asks for the other two.
PICKER_FILES = ("pickers.js", "tom-select.min.css", "tom-select.complete.min.js")

STYLES_ARE_LOADED = """
    () => [...document.querySelectorAll("link[rel=stylesheet]")]
        .every((link) => link.sheet || link.href.includes("tom-select"))
"""

# Collects the layouts the page goes through: where every label and control stands, and by how much
# the page is wider than the window. A layout that was seen before is not collected again.
WATCH_LAYOUT = """
    () => {
        const controlOf = (field) =>
            field.querySelector(".ts-control") ?? field.querySelector("input, select, textarea");
        const boxOf = (element) => {
            const { x, y, width, height } = element.getBoundingClientRect();
            return [x, y, width, height].map(Math.round).join(" ");
        };
        const layouts = new Set();
        const look = () => {
            const boxes = [];
            for (const field of document.querySelectorAll("main .field")) {
                const label = field.querySelector("label");
                boxes.push(`${label.textContent}: ${boxOf(label)}, ${boxOf(controlOf(field))}`);
            }
            for (const other of document.querySelectorAll("main :is(.chip, .btn, th)")) {
                boxes.push(`${other.textContent}: ${boxOf(other)}`);
            }
            const { scrollWidth } = document.documentElement;
            boxes.push(`overflow: ${scrollWidth - innerWidth}`);
            layouts.add(boxes.join("\\n"));
        };
        const lookInEveryFrame = () => {
            look();
            requestAnimationFrame(lookInEveryFrame);
        };
        lookInEveryFrame();
        new MutationObserver(look).observe(
            document, { attributes: true, childList: true, subtree: true },
        );
        window.seenLayouts = () => {
            look();
            return [...layouts];
        };
    }
"""


def _layouts_while_loading(page: Page, path: str, held_file: str) -> list[list[str]]:
    """Open the page without the file, then with it; return the different layouts, as lines."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"**/{held_file}", hold)
    page.goto(path, wait_until="commit")
    page.locator("#texts").wait_for(state="attached")  # the last part of the page
    page.wait_for_function(STYLES_ARE_LOADED)
    has_picker = page.locator("select[data-picker-url]").count() > 0
    if has_picker or held_file == "pickers.js":
        while not held:
            page.wait_for_timeout(10)
    expect(page.locator(".ts-control")).to_have_count(0)
    page.evaluate(WATCH_LAYOUT)
    for route in held:
        route.continue_()
    page.unroute(f"**/{held_file}")
    page.wait_for_load_state()
    expect(page.locator(".ts-control")).to_have_count(int(has_picker))
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return [layout.split("\n") for layout in page.evaluate("seenLayouts()")]


def _moved(layouts: list[list[str]]) -> list[tuple[str, ...]]:
    """Return what was not the same in all layouts."""
    return [lines for lines in zip(*layouts, strict=True) if len(set(lines)) > 1]


@pytest.mark.parametrize("held_file", PICKER_FILES)
@pytest.mark.parametrize("width", [1440, 360])
def test_forms_and_list_stand_still_while_pickers_are_made(
    open_as: Open, width: int, held_file: str
) -> None:
    page = open_as("manager", "/customers/?q=分公司", width=width)
    # People who want less motion see the change from select to picker at once, and nothing between.
    page.emulate_media(reduced_motion="reduce")
    branch = page.locator("td.name a").first.get_attribute("href") or ""
    branch_id = branch.strip("/").rpartition("/")[2]
    moved = {}
    for path in (
        "/customers/",
        "/customers/new/",
        f"{branch}edit/",  # its parent has a long name
        "/complaints/new/",
        f"/complaints/new/?customer={branch_id}",
    ):
        layouts = _layouts_while_loading(page, path, held_file)
        assert layouts[0][-1] == "overflow: 0"
        assert len(layouts[0]) > 3
        if found := _moved(layouts):
            moved[path] = found
    assert moved == {}
