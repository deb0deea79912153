"""Servers: unsafe settings stop the start, and compose hands on every variable there is."""

import re
import runpy
from typing import Any

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured

from engines.data_directory import PROJECT

GOOD = {
    "SECRET_KEY": "k3J9-vQ2x_Lw8Zr5TnB1cYs7HdFm4GpXa6UeRiOq0WtVzNyKjE-uSbMl",
    "ALLOWED_HOSTS": "crm.example.com,.example.org",
    "DATABASE_URL": "postgres://crm:secret@db.invalid:5432/crm",
    "REDIS_URL": "redis://:secret@valkey.invalid:6379/0",
}
# Read by the settings but no business of containers: where the servers are is said there outright.
SAID_BY_COMPOSE = {"DEBUG", "PORT", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"}
READ = re.compile(r"""env\.(?:text|flag|integer|words)\(\s*"([A-Z_]+)""")


def _settings(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> dict[str, Any]:
    for name, value in {"DEBUG": None, **GOOD, **changes}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return runpy.run_module("config.settings.production")


def test_production_settings_with_good_values_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _settings(monkeypatch)
    assert found["DEBUG"] is False
    assert found["ALLOWED_HOSTS"] == ["crm.example.com", ".example.org"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://crm.example.com", "https://example.org"]
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        assert found[name] is True
    assert found["SECURE_HSTS_SECONDS"] > 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "django-insecure-" + "k3J9-vQ2x_Lw8Zr5TnB1cYs7HdFm4GpXa6UeRiOq0Wt"),
        ("DEBUG", "1"),
        ("ALLOWED_HOSTS", None),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "crm.example.com,*"),
        ("DATABASE_URL", None),
        ("DATABASE_URL", "sqlite:///crm.db"),
        ("REDIS_URL", None),
    ],
)
def test_production_settings_refuse_an_unsafe_value_and_name_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        _settings(monkeypatch, **{name: value})


def _variables() -> set[str]:
    """Return the variables that settings read from the environment."""
    files = [*(PROJECT / "config" / "settings").glob("*.py"), PROJECT / "config" / "env.py"]
    return {name for path in files for name in READ.findall(path.read_text(encoding="utf-8"))} | {
        "DATABASE_URL",
        "REDIS_URL",
    }


def test_compose_hands_on_every_variable_that_settings_read() -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
    for name in ("migrate", "web", "worker", "beat"):
        assert _variables() - SAID_BY_COMPOSE <= compose["services"][name]["environment"].keys()
    for name in ("web", "worker", "beat", "postgres", "valkey"):
        assert compose["services"][name]["healthcheck"]["test"]


def test_example_lists_every_variable_and_no_secret() -> None:
    text = (PROJECT / ".env.example").read_text(encoding="utf-8")
    assert re.findall(r"^[^#\n]", text, re.MULTILINE) == []
    listed = set(re.findall(r"^# ([A-Z_]+)=", text, re.MULTILINE))
    asked = set(re.findall(r"\$\{([A-Z_]+)", (PROJECT / "docker-compose.yml").read_text("utf-8")))
    assert _variables() | asked <= listed
