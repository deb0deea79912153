"""Scoping cannot be forgotten: no unscoped reads outside models and services, no unruled model."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from accounts.scoping import ScopedModel

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "core", "crm", "satisfaction", "segmentation", "staff")
READING_ROOMS = (
    "views", "api", "admin", "panels", "columns", "forms", "filters", "selectors", "composition",
)  # fmt: skip

UNSCOPED = {
    # Lists that hold no company data: everybody sees them.
    "accounts.Role",
    # Names of permissions, which are no secret.
    "accounts.KnownPermission",
    # What fields there are, not what they hold.
    "core.CustomField",
    "crm.BillingSystem",
    "crm.Category",
    "crm.Grade",
    "crm.Industry",
    "crm.Source",
    # Nothing but the last number given out in each month.
    "satisfaction.ComplaintSeries",
    # Only the administrator reaches keys, by a permission of its own.
    "accounts.ApiKey",
    # Runs are about the whole company and hold no customer; RUN_VIEW decides.
    "segmentation.ScoringRun",
    "segmentation.ScoringStep",
}


def _models() -> Iterator[type]:
    for app in APPS:
        yield from apps.get_app_config(app).get_models()


def test_every_model_is_scoped_or_named_as_unscoped() -> None:
    unruled = {
        model._meta.label  # type: ignore[attr-defined]
        for model in _models()
        if not issubclass(model, ScopedModel) and not model.__name__.endswith("Event")
    }
    assert unruled == UNSCOPED


def test_every_scoped_model_states_its_rule() -> None:
    for model in _models():
        if issubclass(model, ScopedModel) and not model._meta.abstract:
            assert "visibility_filter" in vars(model), model


def _files() -> list[Path]:
    return [
        path
        for app in APPS
        for room in READING_ROOMS
        for path in [*(ROOT / app / room).rglob("*.py"), ROOT / app / f"{room}.py"]
        if path.is_file()
    ]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def unscoped_reads(source: str) -> list[int]:
    """Return the lines that use ``Model.objects`` of a scoped model without ``visible_to``."""
    free = {label.split(".")[1] for label in UNSCOPED}
    tree = ast.parse(source)
    allowed = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "visible_to"
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"objects", "_default_manager", "_base_manager"}
        and id(node) not in allowed
        and _name(node.value) not in free
    ]


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_reading_rooms_read_through_visible_to(path: Path) -> None:
    assert unscoped_reads(path.read_text(encoding="utf-8")) == []


def test_the_check_sees_what_it_is_for() -> None:
    assert unscoped_reads("Customer.objects.all()") == [1]
    assert unscoped_reads("models.Customer.objects.filter(pk=1).visible_to(user)") == [1]
    assert unscoped_reads("Customer.objects.visible_to(user).filter(pk=1)") == []
    assert unscoped_reads("Grade.objects.all()") == []
