"""The benchmark ``events``: what recording events costs an import of customers.

A file of new customers is imported with the triggers of events and without them, in turns, so that
other load on the machine affects both. Each import is rolled back. Then consumers handle the events
of one import that is committed.
"""

import io
import random
from statistics import median

from django.db import connection, transaction

from accounts.models import User
from benchmarks.measuring import BenchmarkOptions, print_table, seconds_row, timer
from common.files import CsvSource
from core.models import Event, Notice
from core.services.event_consuming import consume_events
from crm.models import Grade
from crm.services.importing import import_customers

CUSTOMERS = 100_000
TRIGGER = "write_created_event"
TYPE = "customer.created"


def measure(options: BenchmarkOptions) -> None:
    """Print the seconds with and without events, the ratio, and the seconds of consumers."""
    actor = User.objects.get_by_natural_key("importer")
    content = _file_of_customers()
    with_events: list[float] = []
    without_events: list[float] = []
    for number in range(options.rounds + 1):
        # The order changes, because the second import finds more of the disk cached.
        for is_recorded in (True, False) if number % 2 else (False, True):
            seconds = _import_and_roll_back(content, actor, is_recorded=is_recorded)
            if number:  # the first round warms the caches
                (with_events if is_recorded else without_events).append(seconds)
    print(f"{CUSTOMERS:,} new customers into {options.customers:,}\n")
    rows = [
        seconds_row("import with events", with_events),
        seconds_row("import without events", without_events),
    ]
    print_table(["seconds", "min", "median", "max"], rows)
    ratios = [one / other for one, other in zip(with_events, without_events, strict=True)]
    ratio_texts = "  ".join(f"{ratio:.3f}" for ratio in ratios)
    print(f"with / without, pair by pair: {ratio_texts}   median {median(ratios):.3f}")
    print(f"median with / median without: {median(with_events) / median(without_events):.3f}\n")
    _measure_consumers(content, actor)


def _file_of_customers() -> bytes:
    """Return a CSV file of new customers with grade, unit and owner."""
    rng = random.Random(1)
    grades = list(Grade.objects.values_list("code", flat=True))
    managers = list(
        User.objects.filter(role__code="account_manager").values_list(
            "employee_number", "unit__code"
        )
    )
    lines = ["code,name,grade,stage,owner,unit"]
    for number in range(CUSTOMERS):
        manager, unit = rng.choice(managers)
        grade = rng.choice(grades)
        lines.append(f"EVB{number:07},华天科技第{number}有限公司,{grade},signed,{manager},{unit}")
    return "\n".join(lines).encode()


def _import_and_roll_back(content: bytes, actor: User, *, is_recorded: bool) -> float:
    """Import the customers and undo it; return the seconds of the import."""
    with transaction.atomic():
        if not is_recorded:
            _disable_trigger()
        with timer() as measured:
            rows = _import(content, actor)
        if rows != CUSTOMERS or Event.objects.filter(type=TYPE).exists() != is_recorded:
            raise ValueError(f"{rows} customers were created, or their events are not as expected")
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM crm_customer, core_event")
    return measured.seconds


def _disable_trigger() -> None:
    """Disable the trigger of the events until the transaction is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgname LIKE %s", [f"pgtrigger_{TRIGGER}%"]
        )
        (name,) = cursor.fetchone()
        cursor.execute(f'ALTER TABLE crm_customer DISABLE TRIGGER "{name}"')


def _import(content: bytes, actor: User) -> int:
    source = CsvSource(io.BytesIO(content), name="customers.csv")
    return import_customers(source=source, actor=actor).rows_created


def _measure_consumers(content: bytes, actor: User) -> None:
    _import(content, actor)
    events = Event.objects.count()
    with timer() as measured:
        consume_events()
    notices = Notice.objects.count()
    print(f"consumers: {events:,} events, {notices:,} notices in {measured.seconds:.2f} s")
