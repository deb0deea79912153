"""The command make_demo: its options, and the databases that it refuses."""

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
from tests.demo.company import SMALL_COMPANY, content_sha256, demo_company, run_command

TINY_COMPANY = ("--customers", "40", "--transactions", "300", "--as-of", "2026-03-05")


def _make_company_and_hash(blocker: DjangoDbBlocker, *arguments: str) -> str:
    with demo_company(blocker, "repeat", *arguments):
        return content_sha256()


@pytest.fixture
def production() -> Iterator[None]:
    """Settings whose module is that of production."""
    with override_settings(SETTINGS_MODULE="config.settings.production"):
        yield


def test_same_plan_gives_the_same_company_and_another_seed_a_different_one(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    first = _make_company_and_hash(django_db_blocker, *SMALL_COMPANY)
    assert _make_company_and_hash(django_db_blocker, *SMALL_COMPANY) == first
    assert _make_company_and_hash(django_db_blocker, *SMALL_COMPANY, "--seed", "2") != first


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "options",
    [
        ("--transactions", "1"),
        ("--months", "1", "--as-of", "2026-03-01"),
        ("--months", "60"),
        ("--prospects", "0"),
        ("--as-of", "1998-07-01"),
        ("--transactions", "9000"),
    ],
)
def test_unusual_options_give_the_exact_number_of_customers(options: tuple[str, ...]) -> None:
    run_command("make_demo", *TINY_COMPANY, *options)
    assert Customer.objects.count() == 40


def test_database_with_a_customer_is_refused_in_one_line(cast: Cast) -> None:
    make_customer(cast.lanzhou)
    with pytest.raises(CommandError, match=r"^[^\n]+$"):
        run_command("make_demo", *TINY_COMPANY)
    assert Customer.objects.count() == 1


def test_database_with_people_but_no_customer_is_refused_too(cast: Cast) -> None:
    with pytest.raises(CommandError):
        run_command("make_demo", *TINY_COMPANY)


def test_if_empty_prints_nothing_if_the_database_is_not_empty(cast: Cast) -> None:
    make_customer(cast.lanzhou)
    assert run_command("make_demo", *TINY_COMPANY, "--if-empty") == ""
    assert Customer.objects.count() == 1


def test_database_without_tables_is_refused_with_the_command_to_run(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), databases.use_database_copy("no_tables"):
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        for arguments in (TINY_COMPANY, (*TINY_COMPANY, "--if-empty")):
            with pytest.raises(CommandError, match=r"^[^\n]*manage\.py migrate[^\n]*$"):
                run_command("make_demo", *arguments)


def test_make_target_migrates_before_it_makes_the_company() -> None:
    make = ["make", "--dry-run", "--no-print-directory", "demo", "ARGS=--customers 40"]
    output = subprocess.run(
        make, cwd=settings.BASE_DIR, check=True, capture_output=True, text=True
    ).stdout
    migrate, make_demo = output.index("manage.py migrate"), output.index("manage.py make_demo")
    assert migrate < make_demo < output.index("--customers 40")


@pytest.mark.usefixtures("db", "production")
def test_production_is_refused_and_nothing_written() -> None:
    for arguments in (TINY_COMPANY, (*TINY_COMPANY, "--if-empty")):
        with pytest.raises(CommandError):
            run_command("make_demo", *arguments)
    with pytest.raises(CommandError):
        run_command("demo_logins")
    assert OrgUnit.objects.count() == 1


@pytest.mark.usefixtures("db", "production")
def test_production_is_filled_with_yes_really() -> None:
    run_command("make_demo", *TINY_COMPANY, "--yes-really")
    assert Customer.objects.count() == 40


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "option",
    [("--customers", "19"), ("--transactions", "0"), ("--months", "0"), ("--prospects", "91")],
)
def test_option_out_of_range_is_named(option: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=option[0]):
        run_command("make_demo", *TINY_COMPANY, *option)


@pytest.mark.usefixtures("db")
def test_demo_logins_prints_no_login_without_a_company() -> None:
    assert "manager" not in run_command("demo_logins")


@pytest.mark.usefixtures("db")
def test_failure_rolls_everything_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("demo.company.make_complaints", fail)
    with pytest.raises(OSError, match="disk full"):
        run_command("make_demo", *TINY_COMPANY)
    assert not Customer.objects.exists()
    assert OrgUnit.objects.count() == 1
