"""The database the measurements run on: made once, used again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from benchmarks.measuring import Size

NAME = "group_crm_bench"
COPY = "group_crm_bench_copy"
EMPTY = "group_crm_bench_empty"
AS_OF = "2025-12-01"


@contextmanager
def empty(url: str) -> Iterator[str]:
    """Yield the address of a migrated database with nothing in it, dropped afterwards."""
    with psycopg.connect(url, autocommit=True) as server:
        _drop(server, EMPTY)
        _create(server, EMPTY, template="template0")
        try:
            _run("migrate", "--verbosity", "0", url=_named(url, EMPTY))
            yield _named(url, EMPTY)
        finally:
            _drop(server, EMPTY)


@contextmanager
def company(url: str, size: Size, *, throw_away: bool) -> Iterator[str]:
    """Yield the address of a database with a company of the size; a copy where it is changed."""
    kept = _named(url, NAME)
    with psycopg.connect(url, autocommit=True) as server:
        if not _is_of_size(server, kept, size):
            _make(server, kept, size)
        _run("migrate", "--verbosity", "0", url=kept)
        if not throw_away:
            yield kept
            return
        _drop(server, COPY)
        _create(server, COPY, template=NAME)
        try:
            yield _named(url, COPY)
        finally:
            _drop(server, COPY)


def _named(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _is_of_size(server: psycopg.Connection, url: str, size: Size) -> bool:
    known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
    if known is None:
        return False
    query = "SELECT (SELECT count(*) FROM crm_customer), (SELECT count(*) FROM crm_transaction)"
    with psycopg.connect(url) as connection:
        try:
            return connection.execute(query).fetchone() == (size.customers, size.transactions)
        except psycopg.errors.UndefinedTable:
            return False


def _make(server: psycopg.Connection, url: str, size: Size) -> None:
    print(f"Making the company in {NAME} …", flush=True)
    _drop(server, NAME)
    _create(server, NAME, template="template0")
    _run("migrate", "--verbosity", "0", url=url)
    _run(
        *("make_demo", "--customers", str(size.customers), "--prospects", "0"),
        *("--transactions", str(size.transactions), "--as-of", AS_OF),
        url=url,
    )


def _create(server: psycopg.Connection, name: str, *, template: str) -> None:
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _run(*arguments: str, url: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=True)
