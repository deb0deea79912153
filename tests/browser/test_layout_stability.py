"""Nothing on a form or a list moves or overflows while scripts replace selects by pickers.

The test delays one file that the pickers need, records the layout without it, delivers the file,
and records the layout again at every change of the page and in every frame.
"""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open

# The files pickers need, in loading order; our script loads the other two.
PICKER_FILES = ("pickers.js", "tom-select.min.css", "tom-select.complete.min.js")

STYLES_ARE_LOADED = """
    () => [...document.querySelectorAll("link[rel=stylesheet]")]
        .every((link) => link.sheet || link.href.includes("tom-select"))
"""

# Collects the different layouts of the page: the boxes of all labels and controls, and by how much
# the page is wider than the window.
WATCH_LAYOUT = """
    () => {
        const controlOf = (field) =>
            field.querySelector(".ts-control") ?? field.querySelector("input, select, textarea");
        const boxOf = (element) => {
            const { x, y, width, height } = element.getBoundingClientRect();
            return [x, y, width, height].map(Math.round).join(" ");
        };
        const layouts = new Set();
        const recordLayout = () => {
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
        const recordEveryFrame = () => {
            recordLayout();
            requestAnimationFrame(recordEveryFrame);
        };
        recordEveryFrame();
        new MutationObserver(recordLayout).observe(
            document, { attributes: true, childList: true, subtree: true },
        );
        window.recordedLayouts = () => {
            recordLayout();
            return [...layouts];
        };
    }
"""


def _layouts_while_loading(page: Page, path: str, delayed_file: str) -> list[list[str]]:
    """Open the page without the file, then deliver it; return the layouts that occurred.

    A layout is a list of lines, one for each label and control, and the overflow as the last.
    """
    delayed_routes: list[Route] = []

    def delay(route: Route) -> None:
        delayed_routes.append(route)

    page.route(f"**/{delayed_file}", delay)
    page.goto(path, wait_until="commit")
    page.locator("#texts").wait_for(state="attached")  # the last part of the page
    page.wait_for_function(STYLES_ARE_LOADED)
    has_picker = page.locator("select[data-picker-url]").count() > 0
    if has_picker or delayed_file == "pickers.js":
        while not delayed_routes:
            page.wait_for_timeout(10)
    expect(page.locator(".ts-control")).to_have_count(0)
    page.evaluate(WATCH_LAYOUT)
    for route in delayed_routes:
        route.continue_()
    page.unroute(f"**/{delayed_file}")
    page.wait_for_load_state()
    expect(page.locator(".ts-control")).to_have_count(int(has_picker))
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return [layout.split("\n") for layout in page.evaluate("recordedLayouts()")]


def _differing_lines(layouts: list[list[str]]) -> list[tuple[str, ...]]:
    """Return the lines that differ between the layouts."""
    return [lines for lines in zip(*layouts, strict=True) if len(set(lines)) > 1]


@pytest.mark.parametrize("delayed_file", PICKER_FILES)
@pytest.mark.parametrize("width", [1440, 360])
def test_forms_and_list_do_not_move_while_pickers_are_created(
    open_as: Open, width: int, delayed_file: str
) -> None:
    page = open_as("manager", "/customers/?q=分公司", width=width)
    # With reduced motion there is no transition between the layouts of select and picker.
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
        layouts = _layouts_while_loading(page, path, delayed_file)
        assert layouts[0][-1] == "overflow: 0"
        assert len(layouts[0]) > 3
        if lines := _differing_lines(layouts):
            moved[path] = lines
    assert moved == {}
