"""The schema's names: English, stable, and the same whatever language asks."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.translation import override
from drf_spectacular.settings import spectacular_settings

from tests.cast import Cast
from tests.core.api import key_client

URL = "/api/v1/schema/"


@pytest.fixture
def schema(cast: Cast) -> dict[str, Any]:
    return _schema(cast, "en")


def _schema(cast: Cast, language: str, query: str = "") -> dict[str, Any]:
    with override(language):
        described: dict[str, Any] = key_client(cast.head, language).get(URL + query).json()
    return described


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from _walk(child)


@pytest.mark.parametrize("query", ["", "?lang=zh-hans"])
def test_schema_is_the_same_in_every_language(
    cast: Cast, schema: dict[str, Any], query: str
) -> None:
    assert _schema(cast, "zh-hans", query) == schema


def test_names_are_identifiers(schema: dict[str, Any]) -> None:
    names = set(schema["components"]["schemas"])
    operations = [
        operation for operations in schema["paths"].values() for operation in operations.values()
    ]
    names |= {operation["operationId"] for operation in operations}
    for operation in operations:
        names |= {each["name"].replace("-", "_") for each in operation.get("parameters", ())}
    assert {"ComplaintDetail", "customers_list", "updated_at__gte"} <= names
    assert [name for name in names if not (name.isidentifier() and name.isascii())] == []


def test_no_label_can_become_the_name_of_a_class(schema: dict[str, Any]) -> None:
    titled = [node for node in _walk(schema) if isinstance(node.get("title"), str)]
    assert titled == [schema["info"]]


def test_each_enumeration_has_a_name_of_its_own(schema: dict[str, Any]) -> None:
    """A name that drf-spectacular makes itself changes when another field gets the same name."""
    enumerations = {
        name for name, component in schema["components"]["schemas"].items() if "enum" in component
    }
    assert enumerations == set(spectacular_settings.ENUM_NAME_OVERRIDES)


def test_operations_that_require_if_match_describe_its_errors(schema: dict[str, Any]) -> None:
    described = {
        operation["operationId"]: {"412", "428"} <= operation["responses"].keys()
        for operations in schema["paths"].values()
        for operation in operations.values()
    }
    changes = {name for name, has_errors in described.items() if has_errors}
    assert changes == {
        "customers_update",
        "complaints_close",
        "complaints_reopen",
        "interactions_delete",
        "interactions_update",
    }
