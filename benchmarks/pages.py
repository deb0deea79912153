"""What pages cost the server: milliseconds and queries, for who sees all and who sees little."""

import logging
import time
from statistics import median

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from accounts.models import User
from benchmarks.measuring import Size, peak_memory, show
from core.composition import home_widgets
from crm.composition import customer_panels
from crm.models import Customer

WHO = ("executive", "head", "manager")


def measure(size: Size) -> None:
    """Fetch every page as each of three people; print a row per page and person."""
    logging.disable(logging.WARNING)
    print(f"{size.customers:,} customers, {size.transactions:,} transactions\n")
    rows = []
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        for label, path in _pages():
            for number in WHO:
                browser = Client()
                browser.force_login(User.objects.get_by_natural_key(number))
                rows.append([label, number, *_fetch(browser, path, size.rounds)])
    show(["page", "as", "status", "ms median", "ms max", "queries"], rows)
    print(f"peak memory of this process: {peak_memory():.0f} MiB")


def _pages() -> list[tuple[str, str]]:
    """Return label and address of each page; the customer is one of the manager's with bills."""
    manager = User.objects.get_by_natural_key("manager")
    customer = Customer.objects.filter(owner=manager, transactions__isnull=False).order_by("pk")[0]
    listing, one = reverse("customers"), [customer.pk]
    pages = [
        ("home page", reverse("home")),
        *(
            (f"  widget {widget.slug}", reverse("home_widget", args=[widget.slug]))
            for widget in home_widgets()
        ),
        ("customer list", listing),
        ("customer list, search", f"{listing}?q=兰州"),
        ("segments", reverse("segments")),
        ("scoring runs", reverse("runs")),
        ("complaints", reverse("complaints")),
        ("customer page", reverse("customer", args=one)),
    ]
    return pages + [
        (f"  panel {panel.slug}", reverse("customer_panel", args=[*one, panel.slug]))
        for panel in customer_panels()
    ]


def _fetch(browser: Client, path: str, rounds: int) -> list[str]:
    """Return status, milliseconds and queries of a page, fetched once more than is counted."""
    seconds, status = [], 0
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        status = browser.get(path).status_code
        seconds.append(time.perf_counter() - begun)
    with CaptureQueriesContext(connection) as queries:
        browser.get(path)
    times = [1000 * value for value in seconds[1:]]
    return [str(status), f"{median(times):.0f}", f"{max(times):.0f}", str(len(queries))]
