"""The values of records with declared fields, as services check, compare and assign them.

All entry points but file imports, which do the same in SQL, come through here. Nothing is saved and
nothing is authorised: a service does both, inside its ``audited_transaction``.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scoping import ScopedModel, ScopedQuerySet
from core.fields.declarations import CUSTOM_COLUMN, FieldDeclaration, clean_value, fields_by_name
from core.fields.record_types import RecordType
from core.fields.reference import Reference
from core.writing import require_known_fields, require_visible


class RecordValues:
    """The fields of a record type at the time of one change; made once in each service.

    Making it takes one query, for the custom fields.
    """

    def __init__(self, record_type: RecordType, actor: User) -> None:
        self.record_type = record_type
        self.actor = actor
        self.fields: dict[str, FieldDeclaration] = fields_by_name(record_type.all_fields())

    def clean(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values as values of their fields' kinds, None for blank ones.

        Raises TypeError for a name that is no field; ValidationError for an invalid value, and for
        a record or a field hidden from the actor.
        """
        require_known_fields(values, self.fields, self.record_type.name)
        require_visible(self.actor, values)
        cleaned = {}
        for name, value in values.items():
            if not self.fields[name].may_be_seen_by(self.actor):
                raise ValidationError({name: _("Not allowed for your role")})
            cleaned[name] = clean_value(self.fields[name], value)
        return cleaned

    def changed(self, record: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the clean values that differ from the record's.

        A related record the actor may not see is shown to them as empty. None therefore removes it
        only if the actor may see it.
        """
        return {
            name: value
            for name, value in values.items()
            if self.fields[name].value_of(record) != value
            and not (value is None and self._is_hidden(record, self.fields[name]))
        }

    def _is_hidden(self, record: Any, field: FieldDeclaration) -> bool:
        """Return whether the record's value is a record that forms show as empty to the actor."""
        if not (isinstance(field.kind, Reference) and field.kind.options_url_name):
            return False  # forms list the options, and keep one that the actor may not choose
        current = field.value_of(record)
        if not isinstance(current, ScopedModel):
            return False
        visible: QuerySet[Any] = ScopedQuerySet(current.__class__).visible_to(self.actor)
        return not visible.filter(pk=current.pk).exists()

    def assign(self, record: Any, values: Mapping[str, Any]) -> None:
        """Assign clean values and validate the record, without saving it.

        Raises ValidationError for a value of a field that the record's category does not have, and
        for what the model's own validation refuses. The database checks uniqueness, constraints and
        that related records exist: see ``core.writing.constraint_messages``.
        """
        for name, value in values.items():
            self.fields[name].assign(record, value)
        category = self.record_type.category_of(record)
        for name, value in values.items():
            if value is not None and not self.fields[name].applies_to(category):
                message = _("Records of this category do not have this field.")
                raise ValidationError({name: message})
        checked_before = [  # by ``clean``, or when the record was saved before
            field.name
            for field in self.record_type.fields
            if isinstance(field.kind, Reference) and getattr(record, field.column) is not None
        ]
        record.full_clean(
            exclude=[*checked_before, CUSTOM_COLUMN],
            validate_unique=False,
            validate_constraints=False,
        )

    def require_custom_values(self, record: Any, names: Iterable[str] | None = None) -> None:
        """Raise ValidationError for the first required custom field without a value.

        Only fields that the record's category has are checked, and only those in ``names``, if it
        is given.
        """
        category = self.record_type.category_of(record)
        checked = self.fields if names is None else names
        for field in (self.fields[name] for name in checked):
            is_missing = field.is_custom and field.required and field.value_of(record) is None
            if is_missing and field.applies_to(category):
                raise ValidationError({field.name: _("This field is required.")})
