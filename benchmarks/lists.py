"""The benchmark ``lists``: the milliseconds of each list with each order, filter, search and page.

Users with much and with little data access fetch them, because that decides what a list reads.
"""

import logging
import time
from collections.abc import Iterator
from statistics import median, quantiles
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from accounts.models import User
from benchmarks.measuring import BenchmarkOptions, print_table
from benchmarks.scoring import ensure_scores
from core.listing.page import BEFORE, VIEW
from core.listing.paging import END
from core.listing.query import SEARCH, SORT, WHERE
from core.listing.registry import lists
from core.listing.selection import UserList
from crm.models import Customer

# Users of the demonstration company, who see the whole company, a subtree, and their own customers.
LOGINS = ("executive", "head", "manager")
API_PAGE_SIZE = 100


def measure(options: BenchmarkOptions) -> None:
    """Fetch every list in every way as each of the users; print a row for each."""
    logging.disable(logging.WARNING)
    ensure_scores()
    print(f"{options.customers:,} customers, {options.transactions:,} transactions\n")
    rows = []
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        for login in LOGINS:
            user = User.objects.get_by_natural_key(login)
            client = Client()
            client.force_login(user)
            for label, address in _addresses(user):
                rows.append([label, login, *_fetch(client, address, options.rounds)])
                print(*rows[-1], sep="  ", flush=True)
    print_table(["list", "as", "status", "ms p50", "ms p95", "ms in SQL", "queries"], rows)


def _addresses(user: User) -> Iterator[tuple[str, str]]:
    """Yield label and address of each order, filter, search and page that the user has."""
    for declaration in lists().values():
        yield from _declared_addresses(UserList(declaration, user))
    customers_url = reverse("customers")
    customer = Customer.objects.visible_to(user).order_by("-pk")[0]
    for text in ("兰州", "家纺", "公司", customer.name, customer.code[:6], "没有这样的客户"):
        yield f"customers, search {text}", f"{customers_url}?{urlencode({SEARCH: text})}"
    for related in ("has.interactions(channel=visit)", "no.interactions(channel=visit)"):
        yield f"customers, {related}", f"{customers_url}?{urlencode({WHERE: related})}"
    interactions_url = reverse("interactions")
    for text in ("续约", "王主任", "公司", "没有这样的内容"):
        parameters = {SEARCH: text, VIEW: "all"}
        yield f"interactions, search {text}", f"{interactions_url}?{urlencode(parameters)}"
    for value in ("next_7_days", "open"):
        parameters = {"next_step": value, VIEW: "all"}
        yield f"interactions, next_step={value}", f"{interactions_url}?{urlencode(parameters)}"
    for name in ("api-customers", "api-interactions"):
        query = urlencode({"page_size": API_PAGE_SIZE})
        yield f"{name}, {API_PAGE_SIZE} rows", f"{reverse(name)}?{query}"


def _declared_addresses(user_list: UserList) -> Iterator[tuple[str, str]]:
    """Yield label and address of the tabs, orders and filters of a list.

    Orders and filters are measured on the last tab, which has all records.
    """
    declaration = user_list.declaration
    url, name = reverse(declaration.url_name), declaration.name
    yield name, url
    yield f"{name}, last page", f"{url}?{urlencode({BEFORE: END})}"
    for tab in declaration.tabs[1:]:
        yield f"{name}, tab {tab.key}", f"{url}?{urlencode({VIEW: tab.key})}"
    all_tab = {VIEW: declaration.tabs[-1].key} if declaration.tabs else {}
    for key in user_list.sorts:
        for sort in (key, f"-{key}"):
            yield f"{name}, sort {sort}", f"{url}?{urlencode({SORT: sort, **all_tab})}"
    for each in user_list.filters:
        groups = each.option_groups(user_list.user) if each.option_groups else ()
        option = next((option for group in groups for option in group.options), None)
        if option is not None:
            parameters = {each.offered_parameter: option.value}
            label = f"{name}, {each.offered_parameter}={option.value}"
            yield label, f"{url}?{urlencode({**parameters, **all_tab})}"


def _fetch(client: Client, address: str, rounds: int) -> list[str]:
    """Return the cells of a row. The first request warms the caches and is not counted.

    The time in SQL and the number of queries are those of a request of their own, because
    measuring them takes time.
    """
    milliseconds, status = [], 0
    for _ in range(rounds + 1):
        started_at = time.perf_counter()
        status = client.get(address).status_code
        milliseconds.append(1000 * (time.perf_counter() - started_at))
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    sql_milliseconds = 1000 * sum(float(query["time"]) for query in queries.captured_queries)
    measured = milliseconds[1:]
    p95 = quantiles(measured, n=20)[-1] if len(measured) > 1 else measured[0]
    return [
        str(status),
        f"{median(measured):.0f}",
        f"{p95:.0f}",
        f"{sql_milliseconds:.0f}",
        str(len(queries)),
    ]
