"""Reading environment variables: a wrong value is refused with its name and an example."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

NAME = "CRM_TEST_VARIABLE"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", True), ("true", True), ("True", True), ("YES", True), (" on ", True),
        ("0", False), ("false", False), ("False", False), ("no", False), ("off", False),
    ],
)  # fmt: skip
def test_boolean_reads_the_usual_words(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv(NAME, value)
    assert env.boolean(NAME, example="true", default=not expected) is expected


@pytest.mark.parametrize("value", ["ture", "flase", "2", "enabled", ""])
@pytest.mark.parametrize("default", [True, False])
def test_boolean_refuses_any_other_word(
    monkeypatch: pytest.MonkeyPatch, value: str, default: bool
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(
        ImproperlyConfigured, match=f"{NAME} is missing or wrong. Example: {NAME}=true"
    ):
        env.boolean(NAME, example="true", default=default)


@pytest.mark.parametrize("default", [True, False])
def test_boolean_that_is_not_set_is_its_default(
    monkeypatch: pytest.MonkeyPatch, default: bool
) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert env.boolean(NAME, example="true", default=default) is default
