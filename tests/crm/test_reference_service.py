"""The service of the reference lists."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from crm.models import BillingSystem, Category, Grade, Industry, Source
from crm.models.reference import ReferenceEntry
from crm.services.reference import save_reference
from tests.cast import Cast


@pytest.mark.parametrize("model", [BillingSystem, Category, Grade, Industry, Source])
def test_existing_code_is_refused_with_an_error_at_the_field(
    cast: Cast, model: type[ReferenceEntry]
) -> None:
    existing = model._default_manager.all()[0]
    with pytest.raises(ValidationError) as caught:
        save_reference(
            model, actor=cast.sysadmin, code=existing.code, name_zh="重复", name_en="Twice"
        )
    assert list(caught.value.message_dict) == ["code"]


def test_violation_of_another_constraint_is_not_reported_as_an_existing_code(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def violate_another_constraint(self: Grade) -> None:
        raise IntegrityError

    monkeypatch.setattr(Grade, "save", violate_another_constraint)
    with pytest.raises(IntegrityError):
        save_reference(Grade, actor=cast.sysadmin, code="Z", name_zh="新", name_en="New")
