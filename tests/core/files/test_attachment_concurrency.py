"""Two users add or remove files of the same record at the same moment."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from core.models import Attachment
from core.services import attachment as service
from core.services.attachment import remove_attachment
from crm.files import CUSTOMER_FILES
from crm.models import Customer
from tests.cast import Cast
from tests.core.files.factories import make_attachment
from tests.crm.factories import make_customer
from tests.history import fixture_changes


@pytest.fixture
def customer(committed_cast: Cast) -> Customer:
    return make_customer(committed_cast.lanzhou, owner=committed_cast.manager)


Job = Callable[[], object]


def _run_together(first: Job, second: Job) -> list[type[BaseException] | None]:
    """Run two jobs in two threads at once; return the classes of their errors, None first."""
    barrier = Barrier(2)

    def run(job: Job) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            job()
        finally:
            connection.close()

    def error_of(future: "Future[None]") -> type[BaseException] | None:
        error = future.exception(timeout=20)
        return type(error) if error else None

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(run, job) for job in (first, second)]
        return sorted((error_of(future) for future in futures), key=str, reverse=True)


def test_of_two_removals_one_finds_the_file_gone(committed_cast: Cast, customer: Customer) -> None:
    file = make_attachment(customer, actor=committed_cast.manager)

    def remove() -> None:
        remove_attachment(
            records=CUSTOMER_FILES, record_id=customer.pk, attachment_id=file.pk,
            actor=committed_cast.manager,
        )  # fmt: skip

    assert _run_together(remove, remove) == [None, Attachment.DoesNotExist]


def test_two_additions_do_not_exceed_the_limit_together(
    committed_cast: Cast, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_FILES", 1)

    def add() -> None:
        make_attachment(customer, actor=committed_cast.manager)

    assert _run_together(add, add) == [None, ValidationError]
    assert Attachment.objects.count() == 1


def test_record_and_its_files_are_deleted_together_while_another_user_adds_one(
    committed_cast: Cast, customer: Customer
) -> None:
    """Whichever is first: no row of a file is left for a record that is gone."""

    def delete() -> None:
        with fixture_changes():
            Customer.objects.filter(pk=customer.pk).delete()

    def add() -> None:
        make_attachment(customer, actor=committed_cast.manager)

    errors = _run_together(delete, add)
    assert errors in ([None, None], [None, Customer.DoesNotExist])
    assert not Attachment.objects.exists()
