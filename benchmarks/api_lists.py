"""The benchmark ``api``: the API's list of customers beside plain lists of the same table.

The lists are fetched in turn, so that a busy moment of the machine slows all of them. The plain
ones (``plain_lists``) know neither scoping nor masking.
"""

import logging
import time
from collections.abc import Mapping
from statistics import median, quantiles
from urllib.parse import urlencode

from django.core.cache import cache
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from accounts.models import User
from benchmarks.lists import API_PAGE_SIZE, LOGINS
from benchmarks.measuring import BenchmarkOptions, print_table

REQUESTS_PER_ROUND = 30  # of each list
OURS, CURSOR, OFFSET = "API list", "plain cursor list", "plain limit/offset list"

Milliseconds = dict[str, list[float]]  # of the requests of a round, by the name of the list


def measure(options: BenchmarkOptions) -> None:
    """Fetch the lists as each of the users; print a row for each, and the ratios of throughput."""
    logging.disable(logging.WARNING)
    print(f"{options.customers:,} customers, pages of {API_PAGE_SIZE}\n")
    settings = {
        "ALLOWED_HOSTS": ["testserver"],
        "ROOT_URLCONF": "benchmarks.plain_lists",
        "API_CALLS_PER_MINUTE": 10**9,
    }
    with override_settings(**settings):
        addresses = _addresses()
        rows = []
        for login in LOGINS:
            client = Client()
            client.force_login(User.objects.get_by_natural_key(login))
            cache.clear()
            rounds = [_round(client, addresses) for _ in range(options.rounds + 1)][1:]
            rows += [[name, login, *_cells(name, rounds)] for name in addresses]
    print_table(["list", "as", "ms p50", "ms p95", "requests/s", f"{OURS} is … × as fast"], rows)


def _addresses() -> dict[str, str]:
    size = urlencode({"page_size": API_PAGE_SIZE})
    limit = urlencode({"limit": API_PAGE_SIZE})
    return {
        OURS: f"{reverse('api-customers')}?{size}",
        CURSOR: f"{reverse('plain-cursor')}?{size}",
        OFFSET: f"{reverse('plain-offset')}?{limit}",
    }


def _round(client: Client, addresses: Mapping[str, str]) -> Milliseconds:
    measured: Milliseconds = {name: [] for name in addresses}
    for _ in range(REQUESTS_PER_ROUND):
        for name, address in addresses.items():
            started_at = time.perf_counter()
            response = client.get(address)
            measured[name].append(1000 * (time.perf_counter() - started_at))
            if len(response.json()["results"]) > API_PAGE_SIZE or response.status_code != 200:
                raise RuntimeError(response.content)
    return measured


def _cells(name: str, rounds: list[Milliseconds]) -> list[str]:
    """Return the cells of a list; a ratio is the median of those of the rounds."""
    milliseconds = [value for each in rounds for value in each[name]]
    throughputs = [1000 * REQUESTS_PER_ROUND / sum(each[name]) for each in rounds]
    ratios = [sum(each[name]) / sum(each[OURS]) for each in rounds]
    return [
        f"{median(milliseconds):.1f}",
        f"{quantiles(milliseconds, n=20)[-1]:.1f}",
        f"{median(throughputs):.0f}",
        f"{median(ratios):.2f}",
    ]
