"""Static files: every file that a template names is served, in production too."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

STATIC_TAG = re.compile(r"""{% static ["']([^"']+)["'] %}""")


def _files_named_by_templates() -> set[str]:
    templates = Path(settings.BASE_DIR, "templates").rglob("*.html")
    return {name for path in templates for name in STATIC_TAG.findall(path.read_text("utf-8"))}


def test_collectstatic_collects_every_file_that_a_template_names(tmp_path: Path) -> None:
    manifest_storage = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    storages = settings.STORAGES | {"staticfiles": manifest_storage}
    with override_settings(STATIC_ROOT=str(tmp_path), STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    manifest = json.loads((tmp_path / "staticfiles.json").read_text("utf-8"))
    assert _files_named_by_templates() <= manifest["paths"].keys()


def test_files_of_packages_are_served_only_if_listed() -> None:
    assert finders.find("vendor/htmx/htmx.min.js")
    assert finders.find("vendor/htmx/htmx.js") is None
    assert finders.find("css/tokens.css")


@pytest.mark.parametrize("name", sorted(settings.VENDOR_FILES))
def test_listed_vendor_files_exist(name: str) -> None:
    assert finders.find(name), f"{name}: the package no longer contains it"


def test_scripts_neither_import_each_other_nor_evaluate_text() -> None:
    """An import cannot know the hash in the served name; the security policy forbids eval."""
    for path in Path(settings.BASE_DIR, "static", "js").glob("*.js"):
        code = path.read_text("utf-8")
        assert not re.search(r"^\s*import\b|\bimport\(|\beval\(|new Function", code, re.MULTILINE)
