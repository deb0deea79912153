"""Production: unsafe settings are refused, and docker compose passes on every variable."""

import re
import runpy
from typing import Any

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured

from engines.data_directory import PROJECT

VALID_VARIABLES = {
    "SECRET_KEY": "k3J9-vQ2x_Lw8Zr5TnB1cYs7HdFm4GpXa6UeRiOq0WtVzNyKjE-uSbMl",
    "ALLOWED_HOSTS": "crm.example.com,.example.org",
    "DATABASE_URL": "postgres://crm:secret@db.invalid:5432/crm",
    "REDIS_URL": "redis://:secret@valkey.invalid:6379/0",
}
# Variables that containers do not need: compose builds the addresses of the servers itself, and the
# files are in its volume.
NOT_PASSED_ON = {"DEBUG", "FILES_DIR", "PORT", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"}
ENV_CALL = re.compile(r"""env\.(?:text|boolean|integer|text_list)\(\s*"([A-Z_]+)""")


def _load_settings(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> dict[str, Any]:
    """Load the settings with VALID_VARIABLES and the changes; None removes a variable."""
    for name, value in {"DEBUG": None, **VALID_VARIABLES, **changes}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return runpy.run_module("config.settings.production")


def test_valid_production_settings_are_secure(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load_settings(monkeypatch)
    assert settings["DEBUG"] is False
    assert settings["ALLOWED_HOSTS"] == ["crm.example.com", ".example.org"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://crm.example.com", "https://example.org"]
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        assert settings[name] is True
    assert settings["SECURE_HSTS_SECONDS"] > 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "django-insecure-" + "k3J9-vQ2x_Lw8Zr5TnB1cYs7HdFm4GpXa6UeRiOq0Wt"),
        ("DEBUG", "1"),
        ("DEBUG", "ture"),
        ("SECURE_SSL_REDIRECT", ""),
        ("ALLOWED_HOSTS", None),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "crm.example.com,*"),
        ("DATABASE_URL", None),
        ("DATABASE_URL", "sqlite:///crm.db"),
        ("REDIS_URL", None),
    ],
)
def test_unsafe_value_is_refused_with_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        _load_settings(monkeypatch, **{name: value})


def _read_variables() -> set[str]:
    """Return the names of the variables that the settings read."""
    files = [*(PROJECT / "config" / "settings").glob("*.py"), PROJECT / "config" / "env.py"]
    return {
        name for path in files for name in ENV_CALL.findall(path.read_text(encoding="utf-8"))
    } | {
        "DATABASE_URL",
        "REDIS_URL",
    }


def test_compose_passes_on_every_variable_that_settings_read() -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
    for name in ("migrate", "web", "worker", "beat"):
        assert _read_variables() - NOT_PASSED_ON <= compose["services"][name]["environment"].keys()
    for name in ("web", "worker", "beat", "postgres", "valkey"):
        assert compose["services"][name]["healthcheck"]["test"]


def test_env_example_lists_every_variable_and_sets_none() -> None:
    text = (PROJECT / ".env.example").read_text(encoding="utf-8")
    assert re.findall(r"^[^#\n]", text, re.MULTILINE) == []
    listed = set(re.findall(r"^# ([A-Z_]+)=", text, re.MULTILINE))
    compose_variables = set(
        re.findall(r"\$\{([A-Z_]+)", (PROJECT / "docker-compose.yml").read_text("utf-8"))
    )
    assert _read_variables() | compose_variables <= listed
