"""Databases for the suite: one migrated template, copied for every worker that asks.

The template is named after the migrations and reference data it was made from, so that a run
without changes to them starts at once.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg2 import extensions, sql

ROOT = Path(__file__).resolve().parent.parent
# A second suite on the same server must neither use nor drop the databases of the first.
PREFIX = os.environ.get("TEST_DATABASE_PREFIX", "test")
LOCK = 4_754_2017  # any number, the same for every worker


def _dsn(name: str) -> str:
    given = settings.DATABASES["default"]
    options = given.get("OPTIONS")
    parameters = {
        "user": given.get("USER"),
        "password": given.get("PASSWORD"),
        "host": given.get("HOST"),
        "port": given.get("PORT"),
        **(options if isinstance(options, dict) else {}),
    }
    known = {key: str(value) for key, value in parameters.items() if value}
    return extensions.make_dsn(dbname=name, **known)


@contextmanager
def server() -> Iterator[extensions.cursor]:
    """Yield a cursor on the server itself, for making and dropping databases."""
    with closing(psycopg2.connect(_dsn("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _fingerprint() -> str:
    digest = hashlib.sha256()
    files = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("crm/reference_data/*.csv")]
    files += [ROOT / "accounts" / "permissions.py", ROOT / "accounts" / "roles.py"]
    for path in sorted([*files, ROOT / "requirements-dev.txt"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _exists(cursor: extensions.cursor, name: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return cursor.fetchone() is not None


def template() -> str:
    """Return the name of the migrated template, making it first where it is missing."""
    name = f"{PREFIX}_template_{_fingerprint()}"
    with server() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if not _exists(cursor, name):
            _drop_old(cursor)
            building = f"{name}_building"
            drop(cursor, building)
            cursor.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(building))
            )
            _migrate(building)
            cursor.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(building), sql.Identifier(name)
                )
            )
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return name


def _drop_old(cursor: extensions.cursor) -> None:
    pattern = rf"{PREFIX}\_template\_%"
    cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern])
    for (name,) in cursor.fetchall():
        drop(cursor, str(name))


def _migrate(name: str) -> None:
    default = connections["default"]
    default.close()
    before = default.settings_dict["NAME"]
    default.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        default.close()
        default.settings_dict["NAME"] = before


def drop(cursor: extensions.cursor, name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def copy(purpose: str) -> Iterator[str]:
    """Yield the name of a fresh copy of the template, gone when the block ends."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"{PREFIX}_{purpose}_{worker}_{os.getpid()}"
    source = template()
    with server() as cursor:
        drop(cursor, name)
        cursor.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )
    try:
        yield name
    finally:
        with server() as cursor:
            drop(cursor, name)


@contextmanager
def using_copy(purpose: str) -> Iterator[str]:
    """Work on a fresh copy of the template for the length of the block; yield its name.

    What is committed there is really committed, and other connections see it.
    """
    default = connections["default"]
    before = default.settings_dict["NAME"]
    with copy(purpose) as name:
        default.close()
        default.settings_dict["NAME"] = name
        try:
            yield name
        finally:
            default.close()
            default.settings_dict["NAME"] = before
