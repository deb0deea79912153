"""The one place where the environment is read.

Every variable is read here once, with a message that names it and gives an example, so that a
wrong value stops the start and not the night's work. ``.env`` in the project folder counts as the
environment; a variable that is really set wins over it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

import engines

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / ".data"

_reader = environ.Env()
if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

T = TypeVar("T")


def _read(name: str, example: str, reader: Callable[[], T]) -> T:
    try:
        return reader()
    except (ImproperlyConfigured, ValueError) as error:
        message = f"Environment variable {name} is missing or wrong. Example: {name}={example}"
        raise ImproperlyConfigured(message) from error


def text(name: str, *, example: str, default: str | None = None) -> str:
    """Return a text variable; raise ImproperlyConfigured when it is required and missing."""
    if default is None:
        return _read(name, example, lambda: _required(name))
    return str(_reader.str(name, default=default))


def _required(name: str) -> str:
    value = str(_reader.str(name))
    if not value.strip():
        raise ValueError(name)
    return value


def integer(name: str, *, example: str, default: int) -> int:
    """Return a whole number; raise ImproperlyConfigured when it is none."""
    return _read(name, example, lambda: int(_reader.int(name, default=default)))


def flag(name: str, *, default: bool) -> bool:
    """Return a yes/no variable (``1``, ``true``, ``yes``, ``on`` mean yes)."""
    return bool(_reader.bool(name, default=default))


def words(name: str, *, example: str, default: list[str] | None = None) -> list[str]:
    """Return a comma-separated list; raise ImproperlyConfigured when required and missing."""
    if default is None:
        return [word.strip() for word in text(name, example=example).split(",") if word.strip()]
    return list(_reader.list(name, default=default))


def database(profile: str) -> dict[str, object]:
    """Return Django's database settings from DATABASE_URL, or those of the project's own server."""
    url = text(
        "DATABASE_URL",
        example="postgres://user:password@localhost:5432/group_crm",
        default="",
    )
    parsed = environ.Env.db_url_config(url or engines.urls(profile).database_url)
    if parsed.get("ENGINE") != "django.db.backends.postgresql":
        message = "DATABASE_URL must name a PostgreSQL server: postgres://user:password@host/name"
        raise ImproperlyConfigured(message)
    options = dict(parsed.get("OPTIONS") or {})
    if "host" in options:  # a socket's folder; dbshell looks for it under HOST
        parsed["HOST"] = options.pop("host")
    return dict(parsed) | {"OPTIONS": options}


def redis_url(profile: str) -> str:
    """Return REDIS_URL, or the address of the project's own Valkey."""
    url = text("REDIS_URL", example="redis://localhost:6379/0", default="")
    return url or engines.urls(profile).redis_url
