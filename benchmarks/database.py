"""The databases of the benchmarks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import errors, extensions, sql

from benchmarks.measuring import BenchmarkOptions

COMPANY_NAME = "group_crm_bench"
COPY_NAME = "group_crm_bench_copy"
EMPTY_NAME = "group_crm_bench_empty"
AS_OF = "2025-12-01"


@contextmanager
def empty_database(url: str) -> Iterator[str]:
    """Yield the URL of a new migrated database, which is dropped after the block."""
    with _admin_cursor(url) as cursor:
        _drop_database(cursor, EMPTY_NAME)
        _create_database(cursor, EMPTY_NAME, template="template0")
        try:
            _run_management_command(
                "migrate", "--verbosity", "0", url=_url_with_name(url, EMPTY_NAME)
            )
            yield _url_with_name(url, EMPTY_NAME)
        finally:
            _drop_database(cursor, EMPTY_NAME)


@contextmanager
def company_database(url: str, options: BenchmarkOptions, *, is_temporary: bool) -> Iterator[str]:
    """Yield the URL of a database with a company of the requested size.

    The database is kept and reused. With ``is_temporary`` the block gets a copy instead, which is
    dropped after the block.
    """
    company_url = _url_with_name(url, COMPANY_NAME)
    with _admin_cursor(url) as cursor:
        if not _has_requested_size(cursor, company_url, options):
            _create_company(cursor, company_url, options)
        _run_management_command("migrate", "--verbosity", "0", url=company_url)
        if not is_temporary:
            yield company_url
            return
        _drop_database(cursor, COPY_NAME)
        _create_database(cursor, COPY_NAME, template=COMPANY_NAME)
        try:
            yield _url_with_name(url, COPY_NAME)
        finally:
            _drop_database(cursor, COPY_NAME)


@contextmanager
def _admin_cursor(url: str) -> Iterator[extensions.cursor]:
    """Yield a cursor in autocommit mode, which CREATE DATABASE requires."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _url_with_name(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _has_requested_size(cursor: extensions.cursor, url: str, options: BenchmarkOptions) -> bool:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [COMPANY_NAME])
    if cursor.fetchone() is None:
        return False
    query = "SELECT (SELECT count(*) FROM crm_customer), (SELECT count(*) FROM crm_transaction)"
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as company_cursor:
        try:
            company_cursor.execute(query)
        except errors.UndefinedTable:
            return False
        return company_cursor.fetchone() == (options.customers, options.transactions)


def _create_company(cursor: extensions.cursor, url: str, options: BenchmarkOptions) -> None:
    print(f"Creating the company in {COMPANY_NAME} …", flush=True)
    _drop_database(cursor, COMPANY_NAME)
    _create_database(cursor, COMPANY_NAME, template="template0")
    _run_management_command("migrate", "--verbosity", "0", url=url)
    _run_management_command(
        *("make_demo", "--customers", str(options.customers), "--prospects", "0"),
        *("--transactions", str(options.transactions), "--as-of", AS_OF),
        url=url,
    )


def _create_database(cursor: extensions.cursor, name: str, *, template: str) -> None:
    cursor.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def _drop_database(cursor: extensions.cursor, name: str) -> None:
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _run_management_command(*arguments: str, url: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=True)
