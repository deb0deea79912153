"""What the browser gets: every file a page names is there, in production too."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

NAMED = re.compile(r"""{% static ["']([^"']+)["'] %}""")


def _named_by_templates() -> set[str]:
    templates = Path(settings.BASE_DIR, "templates").rglob("*.html")
    return {name for path in templates for name in NAMED.findall(path.read_text("utf-8"))}


def test_assets_gathered_for_production_hold_every_file_a_template_names(tmp_path: Path) -> None:
    hashed = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    storages = settings.STORAGES | {"staticfiles": hashed}
    with override_settings(STATIC_ROOT=str(tmp_path), STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    manifest = json.loads((tmp_path / "staticfiles.json").read_text("utf-8"))
    assert _named_by_templates() <= manifest["paths"].keys()


def test_assets_of_packages_are_served_only_when_named() -> None:
    assert finders.find("vendor/htmx/htmx.min.js")
    assert finders.find("vendor/htmx/htmx.js") is None
    assert finders.find("css/tokens.css")


@pytest.mark.parametrize("name", sorted(settings.VENDOR_FILES))
def test_assets_named_in_settings_exist(name: str) -> None:
    assert finders.find(name), f"{name}: the package no longer brings it"


def test_scripts_neither_import_each_other_nor_evaluate_text() -> None:
    """Served names carry a hash, which an import could not know; the policy forbids eval."""
    for path in Path(settings.BASE_DIR, "static", "js").glob("*.js"):
        code = path.read_text("utf-8")
        assert not re.search(r"^\s*import\b|\bimport\(|\beval\(|new Function", code, re.MULTILINE)
