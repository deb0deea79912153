"""The main tasks on every page, done as a user does them."""

import re

from playwright.sync_api import Page, expect

from demo.plan import PASSWORD
from tests.browser.conftest import Open

CUSTOMER_PAGE = re.compile(r"/customers/\d+/$")
COMPLAINT_PAGE = re.compile(r"/complaints/\d+/$")
RUN_PAGE = re.compile(r"/runs/\d+/$")


def _save(page: Page) -> None:
    page.locator("main form .btn-primary").click()


def _first_customer(page: Page) -> str:
    """Return the path of the first customer on the open list."""
    return page.locator("td.name a").first.get_attribute("href") or ""


def _pick(page: Page, label: str, search_terms: str) -> None:
    """Select the first option that the picker with the label finds for the search terms."""
    field = page.locator(".field", has=page.locator("label", has_text=label))
    field.locator(".ts-control").click()
    field.locator(".dropdown-input").fill(search_terms)
    option = field.locator(".ts-dropdown [data-selectable]").filter(has_text=search_terms)
    option.first.click()


def _expect_chart(page: Page, name: str) -> None:
    expect(page.locator(f"[data-chart={name}] canvas").first).to_be_visible()


def test_home_page_loads_every_widget(open_as: Open) -> None:
    page = open_as("manager")
    widgets = page.locator("main section[id^=widget-]")
    assert widgets.count() >= 3
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    expect(page.locator("main .problem")).to_have_count(0)
    expect(page.locator("#widget-portfolio")).to_contain_text("My customers")
    page.locator(".stages a").first.click()
    expect(page).to_have_url(re.compile(r"/customers/\?stage=\w+&owner=mine"))


def test_customers_are_searched_filtered_sorted_and_opened(open_as: Open) -> None:
    page = open_as("manager", "/customers/")
    rows = page.locator("#list-results tbody tr")
    all_rows = rows.count()
    name = page.locator("td.name a").nth(1).inner_text()
    page.locator("#list-search").fill(name)
    expect(rows).to_have_count(1)
    page.locator("#list-search").fill("")
    expect(rows).to_have_count(all_rows)

    page.locator(".filter-set details", has_text="Stage").locator("summary").click()
    page.locator(".filter-set .menu-item", has_text="Developed").click()
    expect(page.locator("#list-results a.chip")).to_contain_text("Stage: Developed")
    expect(page).to_have_url(re.compile("stage=developed"))
    expect(rows.locator('td[data-label="Stage"]').first).to_have_text("Developed")
    assert set(rows.locator('td[data-label="Stage"]').all_inner_texts()) == {"Developed"}
    page.locator("#list-results a.chip").click()
    expect(rows).to_have_count(all_rows)

    header = page.locator("#list-results th", has_text="Customer")
    header.locator("a").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    last_code = rows.last.locator("td.name small").inner_text()
    header.locator("a").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(rows.first.locator("td.name small")).to_have_text(last_code)

    first_name = page.locator("td.name a").first.inner_text()
    page.locator("td.name a").first.click()
    page.wait_for_url(CUSTOMER_PAGE)
    expect(page.locator("h1")).to_contain_text(first_name)
    expect(page.locator("main section[id^=panel-] [aria-busy=true]")).to_have_count(0)
    expect(page.locator("main .problem")).to_have_count(0)


def test_customer_page_draws_its_chart_and_shows_it_as_a_table(open_as: Open) -> None:
    page = open_as("manager", "/customers/?sort=-monetary")
    page.goto(_first_customer(page))
    _expect_chart(page, "revenue-by-month")
    page.locator("#revenue-by-month-figure [data-chart-table]").click()
    expect(page.locator("#revenue-by-month-figure .chart-table tbody tr").first).to_be_visible()


def test_grade_change_needs_a_reason_which_the_history_shows(open_as: Open) -> None:
    page = open_as("manager", "/customers/?owner=mine")
    page.goto(_first_customer(page))
    page.get_by_role("link", name="Edit").click()
    grade = page.locator("#id_grade")
    values = grade.locator("option").evaluate_all("options => options.map(option => option.value)")
    grade.select_option(next(value for value in values if value and value != grade.input_value()))
    _save(page)
    expect(page.locator(".errorlist")).to_be_visible()  # a reason is required
    page.locator("#id_reason").fill("Signed the frame contract")
    _save(page)
    page.wait_for_url(CUSTOMER_PAGE)
    expect(page.locator(".notice")).to_contain_text("Saved")
    expect(page.locator("#panel-basics .timeline")).to_contain_text("Signed the frame contract")


def test_new_customer_is_created(open_as: Open) -> None:
    page = open_as("manager", "/customers/")
    page.keyboard.press("n")
    page.wait_for_url("**/customers/new/")
    page.locator("#id_name").fill("兰州新源数据有限公司")
    page.locator("#id_code").fill("NEW-0001")
    _save(page)
    page.wait_for_url(CUSTOMER_PAGE)
    expect(page.locator("h1")).to_contain_text("兰州新源数据有限公司")
    expect(page.locator("#panel-transactions")).to_contain_text("No transactions yet")
    page.goto("/customers/?q=NEW-0001")
    expect(page.locator("td.name a")).to_have_text("兰州新源数据有限公司")


def test_complaint_is_opened_commented_closed_and_reopened(open_as: Open) -> None:
    page = open_as("manager", "/customers/")
    name = page.locator("td.name a").first.inner_text()
    page.goto("/complaints/new/")
    _pick(page, "Customer", name)
    page.locator("#id_title").fill("Bill shows a closed line")
    page.locator("#id_description").fill("The October bill still has the line closed in May.")
    _save(page)
    page.wait_for_url(COMPLAINT_PAGE)
    expect(page.locator(".page-sub")).to_contain_text(name)

    page.locator("#id_text").fill("Asked billing for the record.")
    page.get_by_role("button", name="Add the comment").click()
    expect(page.locator(".timeline")).to_contain_text("Asked billing for the record.")

    page.locator("#id_resolution").fill("Refunded with the November bill.")
    page.get_by_role("button", name="Close the complaint").click()
    expect(page.locator(".page-sub")).to_contain_text("Closed")
    expect(page.locator("main")).to_contain_text("Refunded with the November bill.")

    page.locator("#id_reason").fill("The refund did not arrive.")
    page.get_by_role("button", name="Reopen the complaint").click()
    expect(page.locator(".page-sub")).to_contain_text("Reopened")
    page.goto("/complaints/?q=closed+line")
    expect(page.locator("td.name a")).to_have_text("Bill shows a closed line")


def test_segment_links_to_the_list_of_its_customers(open_as: Open) -> None:
    page = open_as("manager", "/segments/")
    for chart in ("money", "customers", "heatmap"):
        _expect_chart(page, chart)
    row = page.locator("[aria-labelledby=segments-title] tbody tr").filter(
        has_not=page.locator('td[data-label="Customers"]', has_text=re.compile(r"^0$"))
    )
    customers = row.first.locator('td[data-label="Customers"]').inner_text()
    segment = row.first.locator("td.name a").inner_text()
    row.first.locator("td.name a").click()
    expect(page.locator("a.chip", has_text="Segment")).to_contain_text(segment.strip())
    expect(page.locator("#list-count")).to_have_text(customers)

    page.goto("/segments/")
    _expect_chart(page, "money")
    canvas = page.locator("[data-chart=money] canvas").first
    page.wait_for_timeout(600)  # the bars are animated for half a second
    box = canvas.bounding_box()
    assert box
    bar = page.evaluate(
        """() => {
            const chart = echarts.getInstanceByDom(document.querySelector("[data-chart=money]"));
            const values = chart.getOption().series[0].data.map((item) => item.value);
            const index = values.indexOf(Math.max(...values));
            return chart.convertToPixel({ seriesIndex: 0 }, [values[index] / 2, index]);
        }"""
    )
    page.mouse.click(box["x"] + bar[0], box["y"] + bar[1])
    page.wait_for_url(re.compile(r"/customers/\?segment="))


def test_started_run_is_shown_until_it_is_published(open_as: Open) -> None:
    page = open_as("sysadmin", "/runs/")
    page.get_by_role("button", name="Start a run").click()
    page.wait_for_url(RUN_PAGE)
    expect(page.locator("#run .figures .state")).to_have_text("Published", timeout=20_000)
    expect(page.locator("#run")).not_to_have_attribute("hx-trigger", re.compile("."))
    step_states = page.locator('#run td[data-label="State"]')
    assert set(step_states.all_inner_texts()) == {"Done"}
    page.goto("/runs/")
    expect(page.locator("#list-results tbody tr").first).to_contain_text("shown now")


def test_two_users_editing_one_customer_lose_nothing(open_as: Open) -> None:
    own_page = open_as("manager", "/customers/?owner=mine")
    address = own_page.locator("td.name a").nth(2).get_attribute("href") or ""
    own_page.goto(f"{address}edit/")
    other_page = open_as("head", f"{address}edit/")
    name = other_page.locator("#id_name").input_value()
    other_page.locator("#id_name").fill(f"{name}分部")
    _save(other_page)
    other_page.wait_for_url(CUSTOMER_PAGE)

    own_page.locator("#id_name").fill(f"{name}总部")
    _save(own_page)
    conflict = own_page.locator("#conflict")
    expect(conflict).to_contain_text("Somebody else changed this customer")
    expect(conflict).to_contain_text(f"{name}分部")
    expect(own_page.locator("#id_name")).to_have_value(f"{name}总部")
    own_page.get_by_role("button", name="Save on top of it").click()
    own_page.wait_for_url(CUSTOMER_PAGE)
    expect(own_page.locator("h1")).to_contain_text(f"{name}总部")


def test_wrong_password_is_refused_without_saying_what_was_wrong(open_as: Open) -> None:
    page = open_as("manager")
    page.context.clear_cookies()
    page.goto("/customers/")
    page.wait_for_url("**/login/?next=/customers/")
    page.locator("input[name=login]").fill("manager")
    page.locator("input[name=password]").fill("not the password")
    page.locator("form[data-login] button[type=submit]").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("input[name=login]")).to_have_value("manager")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form[data-login] button[type=submit]").click()
    page.wait_for_url("**/customers/")


def test_language_is_switched_on_the_same_page_and_stays(open_as: Open) -> None:
    page = open_as("manager", "/customers/?stage=developed")
    page.locator(".topbar").get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("h1")).to_contain_text("客户")
    expect(page).to_have_url(re.compile("stage=developed"))
    page.goto("/complaints/")
    expect(page.locator("h1")).to_contain_text("投诉")
    page.locator(".topbar").get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_contain_text("Complaints")


def test_division_administrator_enters_administration(open_as: Open) -> None:
    page = open_as("divadmin")
    page.locator(".rail").get_by_role("link", name="Administration").click()
    page.wait_for_url("**/admin/")
    expect(page.locator("body")).to_contain_text("Import")
    page.goto("/admin/crm/importbatch/")
    expect(page.locator("h1, h2").first).to_be_visible()
    expect(page.locator("#changelist-search, #searchbar").first).to_be_visible()
    page.goto("/admin/accounts/user/")
    expect(page.locator(".stop-code")).to_have_text("403")


def test_forbidden_page_and_customer_of_another_province(open_as: Open) -> None:
    page = open_as("manager", "/runs/")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".stop-code")).to_have_text("403")
    expect(page.locator(".rail").get_by_role("link", name="Scoring runs")).to_have_count(0)
    page.goto("/customers/")
    own_customer = _first_customer(page)

    stranger = open_as("stranger", own_customer)
    expect(stranger.locator(".stop-code")).to_have_text("404")
    expect(stranger.locator("main")).to_contain_text("not yours")
    stranger.get_by_role("link", name="To the home page").click()
    expect(stranger.locator("h1")).to_have_text("Today")


def test_customers_are_filtered_by_a_range_of_more_filters(open_as: Open) -> None:
    page = open_as("manager", "/customers/")
    page.get_by_text("More filters").click()
    page.locator(".more-filters summary", has_text="Recent revenue").click()
    page.locator("[name=monetary__gte]").fill("1000")
    page.locator("[name=monetary__gte]").press("Enter")
    chips = page.locator("#list-results a.chip")
    expect(chips).to_have_text("Recent revenue: from 1,000.00")
    expect(page).to_have_url(re.compile("monetary__gte=1000"))
    page.locator(".filter-set > details summary", has_text="Recent revenue").click()
    page.locator("[name=monetary__lte]").fill("2000")
    page.locator(".limits:visible").get_by_role("button", name="Apply").click()
    expect(chips).to_have_count(2)
