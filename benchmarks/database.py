"""The database the measurements run on: made once, used again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import errors, extensions, sql

from benchmarks.measuring import Size

NAME = "group_crm_bench"
COPY = "group_crm_bench_copy"
EMPTY = "group_crm_bench_empty"
AS_OF = "2025-12-01"


@contextmanager
def empty(url: str) -> Iterator[str]:
    """Yield the address of a migrated database with nothing in it, dropped afterwards."""
    with _server(url) as server:
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
    with _server(url) as server:
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


@contextmanager
def _server(url: str) -> Iterator[extensions.cursor]:
    """Yield a cursor that commits every statement by itself, as making databases requires."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _named(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _is_of_size(server: extensions.cursor, url: str, size: Size) -> bool:
    server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
    if server.fetchone() is None:
        return False
    query = "SELECT (SELECT count(*) FROM crm_customer), (SELECT count(*) FROM crm_transaction)"
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(query)
        except errors.UndefinedTable:
            return False
        return cursor.fetchone() == (size.customers, size.transactions)


def _make(server: extensions.cursor, url: str, size: Size) -> None:
    print(f"Making the company in {NAME} …", flush=True)
    _drop(server, NAME)
    _create(server, NAME, template="template0")
    _run("migrate", "--verbosity", "0", url=url)
    _run(
        *("make_demo", "--customers", str(size.customers), "--prospects", "0"),
        *("--transactions", str(size.transactions), "--as-of", AS_OF),
        url=url,
    )


def _create(server: extensions.cursor, name: str, *, template: str) -> None:
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def _drop(server: extensions.cursor, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _run(*arguments: str, url: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=True)
