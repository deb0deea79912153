"""The benchmark ``pages``: the milliseconds and the queries of each page but lists (``lists``).

Users with much and with little data access fetch them, because that decides what a page reads.
"""

import logging
import time
from statistics import median

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from accounts.models import User
from benchmarks.measuring import BenchmarkOptions, peak_memory_mib, print_table
from benchmarks.scoring import ensure_scores
from core.composition import home_widgets
from crm.composition import customer_panels
from crm.models import Customer

# Users of the demonstration company, who see the whole company, a subtree, and their own customers.
LOGINS = ("executive", "head", "manager")


def measure(options: BenchmarkOptions) -> None:
    """Fetch every page as each of the users; print a row per page and user."""
    logging.disable(logging.WARNING)
    ensure_scores()
    print(f"{options.customers:,} customers, {options.transactions:,} transactions\n")
    rows = []
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        for label, path in _pages():
            for login in LOGINS:
                client = Client()
                client.force_login(User.objects.get_by_natural_key(login))
                rows.append([label, login, *_fetch(client, path, options.rounds)])
    print_table(["page", "as", "status", "ms median", "ms max", "queries"], rows)
    print(f"peak memory of this process: {peak_memory_mib():.0f} MiB")


def _pages() -> list[tuple[str, str]]:
    """Return the label and the URL of each page and page part.

    The customer is one with transactions whom all users of LOGINS may see.
    """
    manager = User.objects.get_by_natural_key("manager")
    customer = Customer.objects.filter(owner=manager, transactions__isnull=False).order_by("pk")[0]
    customer_args = [customer.pk]
    pages = [
        ("home page", reverse("home")),
        *(
            (f"  widget {widget.slug}", reverse("home_widget", args=[widget.slug]))
            for widget in home_widgets()
        ),
        ("segments", reverse("segments")),
        ("customer page", reverse("customer", args=customer_args)),
    ]
    return pages + [
        (f"  panel {panel.slug}", reverse("customer_panel", args=[*customer_args, panel.slug]))
        for panel in customer_panels()
    ]


def _fetch(client: Client, path: str, rounds: int) -> list[str]:
    """Return the cells of a row: status, median and maximum of the milliseconds, queries.

    The first request warms the caches and is not counted. Queries are counted in a request of their
    own, because counting takes time.
    """
    seconds, status = [], 0
    for _ in range(rounds + 1):
        started_at = time.perf_counter()
        status = client.get(path).status_code
        seconds.append(time.perf_counter() - started_at)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    milliseconds = [1000 * value for value in seconds[1:]]
    return [
        str(status),
        f"{median(milliseconds):.0f}",
        f"{max(milliseconds):.0f}",
        str(len(queries)),
    ]
