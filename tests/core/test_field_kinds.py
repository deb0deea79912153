"""Kinds of fields and declarations: what is accepted, and what cannot be declared."""

import pytest
from django.core.exceptions import ValidationError

from core.fields.declarations import FieldDeclaration
from core.fields.kinds import Phone, Text


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("(010) 8888 8888", "(010) 8888 8888"),
        ("（0931）8888888", "(0931)8888888"),
        ("+86 139 1234 5678", "+86 139 1234 5678"),
        ("10086", "10086"),
    ],
)
def test_phone_numbers_as_people_write_them_are_accepted(text: str, phone: str) -> None:
    assert Phone().clean(text) == phone


@pytest.mark.parametrize("text", ["1", "(", "010-", "call 10086", "+", "1" * 31])
def test_other_texts_are_no_phone_numbers(text: str) -> None:
    with pytest.raises(ValidationError):
        Phone().clean(text)


def test_sensitive_field_cannot_be_declared_as_searched() -> None:
    with pytest.raises(ValueError, match="remarks"):
        FieldDeclaration("remarks", "remarks", Text(), searched=True, sensitive=True)
