"""Kinds of fields and declarations: what is accepted, and what cannot be declared."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from core.fields.declarations import FieldDeclaration
from core.fields.forms import KindFormField
from core.fields.kinds import DateTime, Number, Phone, Text


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


def test_time_without_a_zone_is_local_and_is_stored_in_utc() -> None:
    moment = DateTime().clean("2026-03-05 09:05")
    assert DateTime().to_json(moment) == "2026-03-05T01:05:00+00:00"
    assert DateTime().from_json("2026-03-05T01:05:00+00:00") == moment
    assert DateTime().format(moment) == "2026-03-05 09:05"


@pytest.mark.parametrize("value", [datetime(2026, 3, 5), date(2026, 3, 5), 5])  # noqa: DTZ001
def test_other_values_than_times_with_a_zone_are_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        DateTime().clean(value)


@pytest.mark.parametrize("number", ["-1", "1441", "2.5"])
def test_number_outside_of_its_limits_is_refused(number: str) -> None:
    with pytest.raises(ValidationError):
        Number(minimum=Decimal(0), maximum=Decimal(1440)).clean(number)


def test_form_field_of_a_time_shows_no_seconds_and_is_unchanged_without_them() -> None:
    moment = DateTime().clean("2026-03-05 09:05:30")
    field = KindFormField(DateTime())
    assert field.prepare_value(moment) == "2026-03-05T09:05"
    assert not field.has_changed(moment, "2026-03-05T09:05")
    assert field.has_changed(moment, "2026-03-05T09:06")


def test_sensitive_field_cannot_be_declared_as_searched() -> None:
    with pytest.raises(ValueError, match="remarks"):
        FieldDeclaration("remarks", "remarks", Text(), searched=True, sensitive=True)
