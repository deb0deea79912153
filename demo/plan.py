"""The size, the date and the seed of a demonstration company.

Every part of ``demo`` gets the plan, and takes its random numbers from ``plan.random(part)``.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

TRANSACTIONS_PER_CUSTOMER = 50
PASSWORD = "demo-pass-2026"  # noqa: S105 (of every user of the company; public on purpose)


@dataclass(frozen=True)
class Month:
    """A calendar month, by its first day; ``days`` counts only its days before the as-of date."""

    first: date
    days: int

    @property
    def label(self) -> str:
        """The month as YYYYMM."""
        return f"{self.first:%Y%m}"


@dataclass(frozen=True)
class Plan:
    """The options of ``make_demo``. The same plan gives the same company on every machine.

    ``customers``, ``transactions`` and ``months`` are exact numbers. ``as_of`` is the company's
    present day: everything lies before it. ``prospects`` is the percentage of customers who never
    bought.
    """

    customers: int
    transactions: int
    seed: int
    as_of: date
    months: int
    prospects: int

    def random(self, part: str) -> random.Random:
        """Return a new random generator for a part, for example ``"customers"``.

        It depends only on the seed and the name, so that a change to one part leaves the random
        numbers of the others as they are.
        """
        return random.Random(f"{self.seed}/{part}")  # noqa: S311 (not used for security)

    def calendar(self) -> list[Month]:
        """Return the months of the transactions, oldest first; the last ends before ``as_of``."""
        last_day = self.as_of - timedelta(days=1)
        months = [Month(last_day.replace(day=1), last_day.day)]
        while len(months) < self.months:
            end = months[-1].first - timedelta(days=1)
            months.append(Month(end.replace(day=1), end.day))
        return months[::-1]

    def fingerprint(self, name: str) -> str:
        """Return a SHA-256 to store for the import file ``name``, which does not exist."""
        return sha256(f"{self}/{name}".encode()).hexdigest()
