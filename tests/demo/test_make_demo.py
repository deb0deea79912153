"""When the demonstration company is made, and when it is not."""

import subprocess
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import connection
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import OrgUnit
from crm.models import Customer
from tests import databases
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.demo.company import SMALL, checksum, company, run

TINY = ("--customers", "40", "--transactions", "300", "--as-of", "2026-03-05")


def _checksum(blocker: DjangoDbBlocker, *arguments: str) -> str:
    with company(blocker, "again", *arguments):
        return checksum()


@pytest.fixture
def production() -> Iterator[None]:
    """Settings that say they are those of a server."""
    with override_settings(SETTINGS_MODULE="config.settings.production"):
        yield


def test_same_plan_gives_the_same_company_and_another_seed_another(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    first = _checksum(django_db_blocker, *SMALL)
    assert _checksum(django_db_blocker, *SMALL) == first
    assert _checksum(django_db_blocker, *SMALL, "--seed", "2") != first


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "more",
    [
        ("--transactions", "1"),
        ("--months", "1", "--as-of", "2026-03-01"),
        ("--months", "60"),
        ("--prospects", "0"),
        ("--as-of", "1998-07-01"),
        ("--transactions", "9000"),
    ],
)
def test_odd_sizes_come_out_to_the_row(more: tuple[str, ...]) -> None:
    run("make_demo", *TINY, *more)
    assert Customer.objects.count() == 40


def test_database_with_a_customer_is_refused_in_one_line(cast: Cast) -> None:
    make_customer(cast.lanzhou)
    with pytest.raises(CommandError, match=r"^[^\n]+$"):
        run("make_demo", *TINY)
    assert Customer.objects.count() == 1


def test_database_with_people_but_no_customer_is_refused_too(cast: Cast) -> None:
    with pytest.raises(CommandError):
        run("make_demo", *TINY)


def test_if_empty_does_nothing_silently_where_there_is_something(cast: Cast) -> None:
    make_customer(cast.lanzhou)
    assert run("make_demo", *TINY, "--if-empty") == ""
    assert Customer.objects.count() == 1


def test_database_without_tables_is_refused_in_one_line_that_says_what_to_do(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), databases.using_copy("bare"):
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        for arguments in (TINY, (*TINY, "--if-empty")):
            with pytest.raises(CommandError, match=r"^[^\n]*manage\.py migrate[^\n]*$"):
                run("make_demo", *arguments)


def test_make_target_migrates_before_it_makes_the_company() -> None:
    make = ["make", "--dry-run", "--no-print-directory", "demo", "ARGS=--customers 40"]
    printed = subprocess.run(
        make, cwd=settings.BASE_DIR, check=True, capture_output=True, text=True
    ).stdout
    migrate, make_demo = printed.index("manage.py migrate"), printed.index("manage.py make_demo")
    assert migrate < make_demo < printed.index("--customers 40")


@pytest.mark.usefixtures("db", "production")
def test_production_is_refused_and_nothing_written() -> None:
    for arguments in (TINY, (*TINY, "--if-empty")):
        with pytest.raises(CommandError):
            run("make_demo", *arguments)
    with pytest.raises(CommandError):
        run("demo_logins")
    assert OrgUnit.objects.count() == 1


@pytest.mark.usefixtures("db", "production")
def test_production_is_filled_for_who_really_means_it() -> None:
    run("make_demo", *TINY, "--yes-really")
    assert Customer.objects.count() == 40


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "wrong",
    [("--customers", "19"), ("--transactions", "0"), ("--months", "0"), ("--prospects", "91")],
)
def test_size_out_of_range_is_named(wrong: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=wrong[0]):
        run("make_demo", *TINY, *wrong)


@pytest.mark.usefixtures("db")
def test_logins_of_a_database_without_the_company_are_not_invented() -> None:
    assert "manager" not in run("demo_logins")


@pytest.mark.usefixtures("db")
def test_failure_on_the_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("demo.company.make_complaints", fail)
    with pytest.raises(OSError, match="disk full"):
        run("make_demo", *TINY)
    assert not Customer.objects.exists()
    assert OrgUnit.objects.count() == 1
