"""Reading the environment variables of the settings.

A missing or wrong variable raises ImproperlyConfigured with its name and an example when the
settings load, and not later in a request or a nightly run. Variables can also be set in ``.env`` in
the project folder; variables of the environment override that file.

The argument ``example`` is a correct value for the error message. It is never used as a default.
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
# Importing this module adds the variables of ``.env`` to ``os.environ``.
if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

TRUE_WORDS = frozenset({"1", "true", "yes", "y", "on", "ok"})
FALSE_WORDS = frozenset({"0", "false", "no", "n", "off"})

T = TypeVar("T")


def _read(name: str, example: str, parse: Callable[[], T]) -> T:
    """Return what ``parse`` returns; name the variable and the example if it raises an error.

    ``parse`` takes no argument and reads the variable itself. Its ImproperlyConfigured (a missing
    variable) or ValueError becomes an ImproperlyConfigured with the better message.
    """
    try:
        return parse()
    except (ImproperlyConfigured, ValueError) as error:
        message = f"Environment variable {name} is missing or wrong. Example: {name}={example}"
        raise ImproperlyConfigured(message) from error


def text(name: str, *, example: str, default: str | None = None) -> str:
    """Return a text. Raises ImproperlyConfigured when it is missing or blank without a default."""
    if default is None:
        return _read(name, example, lambda: _required_text(name))
    return str(_reader.str(name, default=default))


def _required_text(name: str) -> str:
    """Return a text that is not blank, or raise an error for ``_read``."""
    value = str(_reader.str(name))
    if not value.strip():
        raise ValueError(name)
    return value


def integer(name: str, *, example: str, default: int) -> int:
    """Return a whole number. Raises ImproperlyConfigured when the value is not one."""
    return _read(name, example, lambda: int(_reader.int(name, default=default)))


def boolean(name: str, *, example: str, default: bool) -> bool:
    """Return a boolean. Raises ImproperlyConfigured for a word not in TRUE_WORDS or FALSE_WORDS."""
    return _read(name, example, lambda: _parse_boolean(_reader.str(name, default=str(default))))


def _parse_boolean(value: str) -> bool:
    word = value.strip().lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise ValueError(value)
    return word in TRUE_WORDS


def text_list(name: str, *, example: str, default: list[str] | None = None) -> list[str]:
    """Return the items of a comma-separated list: ``a.example.com,b.example.com``.

    Raises ImproperlyConfigured when it is missing or blank without a default.
    """
    if default is None:
        return [item.strip() for item in text(name, example=example).split(",") if item.strip()]
    return list(_reader.list(name, default=default))


def database(profile: str) -> dict[str, object]:
    """Return an entry of DATABASES for DATABASE_URL, or for the embedded server if it is not set.

    ``profile`` is the profile of the embedded server: ``default`` or ``test``. Raises
    ImproperlyConfigured when DATABASE_URL is not the address of a PostgreSQL server.
    """
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
    if "host" in options:
        # postgres://user@/name?host=FOLDER: the folder of a socket, which dbshell reads from HOST.
        parsed["HOST"] = options.pop("host")
    return dict(parsed) | {"OPTIONS": options}


def redis_url(profile: str) -> str:
    """Return REDIS_URL, or the address of the embedded Valkey of ``profile`` if it is not set."""
    url = text("REDIS_URL", example="redis://localhost:6379/0", default="")
    return url or engines.urls(profile).redis_url
