"""Forms of records with declared fields, and what happens when two people edit at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise

from accounts.models import User
from core.fields.declarations import FieldDeclaration, by_name
from core.fields.forms import form_fields, initial_values, set_picker
from core.fields.kinds import Reference

VERSION = "version"


class RecordForm(forms.Form):
    """The declared fields of a record, as the user may see and choose them.

    ``record`` is None for a new one. ``version`` is the one the form was loaded with; a change is
    based on it.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)

    def __init__(
        self,
        user: User,
        fields: Iterable[FieldDeclaration],
        *,
        record: Any = None,
        data: Any = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.user, self.record, self.declared = user, record, by_name(fields)
        super().__init__(data, initial={**self._loaded_values(), **(initial or {})})
        self.fields.update(form_fields(self.declared.values(), user, record))
        for name, field in self.declared.items():
            if isinstance(field.kind, Reference) and field.kind.options_url:
                query = f"?without={record.pk}" if record else ""
                set_picker(self.fields[name], field.kind, self[name].value(), query)

    def values(self) -> dict[str, Any]:
        """Return what a service takes: of an existing record only the fields that were changed."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in self.declared and (self.record is None or name in self.changed_data)
        }

    def add_service_errors(self, error: ValidationError) -> None:
        """Show what a service refused beside its field; above the form where it has none here."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)

    def text_of(self, name: str, raw: str) -> str:
        """Return what was typed or chosen in a field as people read it.

        What the user could not have chosen is returned as it was sent.
        """
        try:
            value = self.fields[name].clean(raw)
        except ValidationError:
            return raw
        return "" if value is None or value == "" else self.declared[name].kind.format(value)

    def _loaded_values(self) -> dict[str, Any]:
        if self.record is None:
            return {}
        values = initial_values(self.declared.values(), self.record)
        for name, field in self.declared.items():
            # A record found by searching may lie out of the user's scope: then it is not named.
            if isinstance(field.kind, Reference) and field.kind.options_url and values[name]:
                visible = field.kind.records(self.user).filter(pk=values[name])
                values[name] = values[name] if visible.exists() else None
        return {**values, VERSION: self.record.version}


@dataclass(frozen=True)
class FieldConflict:
    """One field somebody else changed while the user had the form open.

    ``is_kept`` says that the user changed it too, and that their value stands in the form.
    """

    label: str | Promise
    theirs: str
    yours: str
    is_kept: bool


def merge_changes(
    form: RecordForm, loaded: Mapping[str, Any], sent: QueryDict
) -> tuple[list[FieldConflict], QueryDict]:
    """Bring the user's changes and those saved meanwhile together.

    ``form`` shows the record as it is now, ``loaded`` are the values the user's form was loaded
    with, ``sent`` is what they sent. Returns the fields both sides are about, and the data of a
    form based on the current version: what only the others changed is taken over, the rest stays
    as typed.
    """
    data, conflicts = sent.copy(), []
    for name in form.declared:
        if name not in form.fields:
            continue
        field = form.fields[name]
        before = _input_text(field, loaded.get(name))
        theirs = _input_text(field, form.initial.get(name))
        yours = data.get(name, "").strip()
        if theirs in {before, yours}:
            continue
        is_kept = yours != before
        label = field.label or name
        texts = form.text_of(name, theirs), form.text_of(name, yours)
        conflicts.append(FieldConflict(label, *texts, is_kept))
        if not is_kept:
            data[name] = theirs
    data[VERSION] = str(form.initial[VERSION])
    return conflicts, data


def _input_text(field: forms.Field, value: Any) -> str:
    prepared = field.prepare_value(value)
    return "" if prepared is None else str(prepared)
