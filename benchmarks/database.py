"""The databases of the benchmarks, on the server of the project's own database.

Every function takes the URL of that database as ``url`` and never changes that database.
"""

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
AS_OF = "2025-12-01"  # the date on which the company's data end, so that all runs have the same


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

    The company is created if there is none of that size, which takes minutes. Its database is kept
    and reused. With ``is_temporary``, for benchmarks that change it, the block gets a copy instead,
    which is dropped after the block.
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
    """Yield a cursor in autocommit mode, which CREATE DATABASE and DROP DATABASE require."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _url_with_name(url: str, name: str) -> str:
    """Return the URL of the database ``name`` on the server of ``url``."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _has_requested_size(cursor: extensions.cursor, url: str, options: BenchmarkOptions) -> bool:
    """Return whether the company's database exists and has the requested number of rows."""
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [COMPANY_NAME])
    if cursor.fetchone() is None:
        return False
    query = "SELECT (SELECT count(*) FROM crm_customer), (SELECT count(*) FROM crm_transaction)"
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as company_cursor:
        try:
            company_cursor.execute(query)
        except errors.UndefinedTable:  # its creation was interrupted
            return False
        return company_cursor.fetchone() == (options.customers, options.transactions)


def _create_company(cursor: extensions.cursor, url: str, options: BenchmarkOptions) -> None:
    """Drop the company's database, and create it with a company of the requested size."""
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
    """Create a database as a copy of ``template``, to which nobody may be connected."""
    cursor.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def _drop_database(cursor: extensions.cursor, name: str) -> None:
    """Drop a database if it exists, and end the connections to it."""
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _run_management_command(*arguments: str, url: str) -> None:
    """Run a management command in the database ``url``; raise CalledProcessError if it fails."""
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=True)
