"""What is asked for: how large the demonstration company is to be, and as of when."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

TRANSACTIONS_PER_CUSTOMER = 50
PASSWORD = "demo-pass-2026"  # noqa: S105 (shown to everybody, by design)


@dataclass(frozen=True)
class Month:
    """A calendar month as far as it lies before the as-of date."""

    first: date
    days: int

    @property
    def label(self) -> str:
        """The month as YYYYMM."""
        return f"{self.first:%Y%m}"


@dataclass(frozen=True)
class Plan:
    """Size, seed and date. The same plan gives the same company on every machine."""

    customers: int
    transactions: int
    seed: int
    as_of: date
    months: int
    prospects: int

    def random(self, part: str) -> random.Random:
        """Return the source of chance for one part, independent of all the others."""
        return random.Random(f"{self.seed}/{part}")  # noqa: S311 (invents, guards nothing)

    def calendar(self) -> list[Month]:
        """Return the months transactions lie in, oldest first; the last ends before ``as_of``."""
        last_day = self.as_of - timedelta(days=1)
        months = [Month(last_day.replace(day=1), last_day.day)]
        while len(months) < self.months:
            end = months[-1].first - timedelta(days=1)
            months.append(Month(end.replace(day=1), end.day))
        return months[::-1]

    def fingerprint(self, name: str) -> str:
        """Return the fingerprint of a file that is made up with everything else."""
        return sha256(f"{self}/{name}".encode()).hexdigest()
