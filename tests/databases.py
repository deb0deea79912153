"""Test databases: one migrated template, which is copied for every worker.

The template's name contains a hash of the migrations and the reference data. If they have not
changed, the next run reuses the template.
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
DATABASE_PREFIX = os.environ.get("TEST_DATABASE_PREFIX", "test")
TEMPLATE_LOCK_ID = 4_754_2017  # an arbitrary number, the same for every worker


def _dsn(name: str) -> str:
    """Return the connection string of a database on the server of the settings."""
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS")
    parameters = {
        "user": database.get("USER"),
        "password": database.get("PASSWORD"),
        "host": database.get("HOST"),
        "port": database.get("PORT"),
        **(options if isinstance(options, dict) else {}),
    }
    non_empty = {key: str(value) for key, value in parameters.items() if value}
    return extensions.make_dsn(dbname=name, **non_empty)


@contextmanager
def admin_cursor() -> Iterator[extensions.cursor]:
    """Yield a cursor in autocommit mode, for creating and dropping databases."""
    with closing(psycopg2.connect(_dsn("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _template_hash() -> str:
    """Return a hash of everything that the content of a migrated database depends on.

    The migrations of libraries are represented by the file that locks their versions.
    """
    digest = hashlib.sha256()
    files = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("crm/reference_data/*.csv")]
    files += [ROOT / "accounts" / "permissions.py", ROOT / "accounts" / "roles.py"]
    for path in sorted([*files, ROOT / "requirements-dev.txt"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _exists(cursor: extensions.cursor, name: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return cursor.fetchone() is not None


def get_or_create_template() -> str:
    """Return the name of the migrated template; create it first if it is missing.

    An advisory lock lets one worker create it while the others wait. It gets its final name after
    the migrations, so that an interrupted run leaves no template that is migrated only in part.
    """
    name = f"{DATABASE_PREFIX}_template_{_template_hash()}"
    with admin_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK_ID])
        if not _exists(cursor, name):
            _drop_old_templates(cursor)
            unfinished = f"{name}_building"
            drop_database(cursor, unfinished)
            cursor.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(unfinished))
            )
            _migrate(unfinished)
            cursor.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(unfinished), sql.Identifier(name)
                )
            )
        cursor.execute("SELECT pg_advisory_unlock(%s)", [TEMPLATE_LOCK_ID])
    return name


def _drop_old_templates(cursor: extensions.cursor) -> None:
    pattern = rf"{DATABASE_PREFIX}\_template\_%"
    cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern])
    for (name,) in cursor.fetchall():
        drop_database(cursor, str(name))


def _migrate(name: str) -> None:
    """Run all migrations in a database."""
    default = connections["default"]
    default.close()
    previous_name = default.settings_dict["NAME"]
    default.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        default.close()
        default.settings_dict["NAME"] = previous_name


def drop_database(cursor: extensions.cursor, name: str) -> None:
    """Drop a database and end its connections."""
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def database_copy(purpose: str) -> Iterator[str]:
    """Create a copy of the template, yield its name, and drop it after the block.

    ``purpose`` is a part of the name: one process can use only one copy for each purpose at a time.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"{DATABASE_PREFIX}_{purpose}_{worker}_{os.getpid()}"
    template = get_or_create_template()
    with admin_cursor() as cursor:
        drop_database(cursor, name)
        cursor.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    try:
        yield name
    finally:
        with admin_cursor() as cursor:
            drop_database(cursor, name)


@contextmanager
def use_database_copy(purpose: str) -> Iterator[str]:
    """Use a new copy of the template as the default database in the block; yield its name.

    Commits in it are real, so other connections see them.
    """
    default = connections["default"]
    previous_name = default.settings_dict["NAME"]
    with database_copy(purpose) as name:
        default.close()
        default.settings_dict["NAME"] = name
        try:
            yield name
        finally:
            default.close()
            default.settings_dict["NAME"] = previous_name
