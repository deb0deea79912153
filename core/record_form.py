"""The browser's form of a record with declared fields, and merging the changes of two users.

``crm.forms.CustomerForm`` is one. The form only parses values: the service it is saved with checks
them again, and its errors are added with ``add_service_errors``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise

from accounts.models import User
from core.fields.declarations import FieldDeclaration, fields_by_name
from core.fields.forms import form_fields, initial_values, use_search_picker
from core.fields.reference import Reference
from core.history import Change, latest_changes, state_at

VERSION = "version"  # name of the hidden field
MAX_INTEGER_DIGITS = 9  # every number with so few digits fits PostgreSQL's integer


class RecordForm(forms.Form):
    """The declared fields of a record; choices are those the user may see.

    ``record`` is None for a new one. ``data`` is the submitted QueryDict, or None to show the form.
    ``initial`` takes precedence over the record's values. The hidden field ``version`` is the
    version of the record when the form was loaded.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)

    def __init__(
        self,
        user: User,
        fields: Iterable[FieldDeclaration],
        *,
        record: Any = None,
        data: QueryDict | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.user = user
        self.record = record
        self.declarations = fields_by_name(fields)
        super().__init__(data, initial={**self._record_values(), **(initial or {})})
        self.fields.update(form_fields(self.declarations.values(), user, record))
        for name, field in self.declarations.items():
            if isinstance(field.kind, Reference) and field.kind.options_url_name:
                use_search_picker(
                    self.fields[name], field.kind, self[name].value(), self._picker_query(field)
                )

    def _picker_query(self, field: FieldDeclaration) -> str:
        """Return what excludes the record itself from a reference to its own kind: its parent."""
        related = self.record and self.record._meta.get_field(field.name).related_model  # noqa: SLF001
        return f"?without={self.record.pk}" if related is self.record.__class__ else ""

    def values(self) -> dict[str, Any]:
        """Return the values for the service by name; of an existing record only the changed ones.

        Call it after ``is_valid``. Each widget submits a value even if it is empty. A name that was
        not submitted was therefore not in the form the user saw, and its field stays unchanged.
        """
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in self.declarations
            and name in self.data
            and (self.record is None or name in self.changed_data)
        }

    def add_service_errors(self, error: ValidationError) -> None:
        """Show a service's errors beside their fields, or above the form if it lacks the field."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)

    def text_of(self, name: str, submitted: str) -> str:
        """Return the text that people read for a submitted one: a label in place of an id.

        An invalid text is returned unchanged.
        """
        try:
            value = self.fields[name].clean(submitted)
        except ValidationError:
            return submitted
        return "" if value is None or value == "" else self.declarations[name].kind.format(value)

    def _record_values(self) -> dict[str, Any]:
        if self.record is None:
            return {}
        values = initial_values(self.declarations.values(), self.record)
        for name, field in self.declarations.items():
            # A related record that the user may not see is shown as empty. Without a search the
            # form lists the options, and ReferenceFormField keeps the current one.
            if isinstance(field.kind, Reference) and field.kind.options_url_name and values[name]:
                visible = field.kind.records(self.user).filter(pk=values[name])
                values[name] = values[name] if visible.exists() else None
        return {**values, VERSION: self.record.version}


F = TypeVar("F", bound=RecordForm)


@dataclass(frozen=True)
class FieldConflict:
    """One field that another user changed while the user had the form open."""

    label: str | Promise
    saved: str  # the other user's value, as text for people
    submitted: str  # this user's value, as text for people
    keeps_submitted: bool  # this user changed the field too, and the form keeps their value


def merge_changes(
    form: RecordForm, loaded: Mapping[str, Any], submitted_data: QueryDict
) -> tuple[list[FieldConflict], QueryDict]:
    """Merge the user's changes with those that another user has saved meanwhile.

    ``form`` is an unsubmitted form of the record as it is now. ``loaded`` holds the values that the
    user's form was loaded with, as ``initial_values`` returns them. Returns the fields that the
    other user changed, and the data for a form based on the current version. In the data, a field
    that only the other user changed has the saved value, and every other field the submitted one.
    """
    data = submitted_data.copy()
    conflicts: list[FieldConflict] = []
    for name in form.declarations:
        if name not in form.fields:
            continue
        if name not in data:  # the form the user saw did not have the field
            data[name] = _input_text(form.fields[name], form.initial.get(name))
            continue
        field = form.fields[name]
        before = _input_text(field, loaded.get(name))
        saved = _input_text(field, form.initial.get(name))
        submitted = data.get(name, "").strip().replace("\r\n", "\n")
        if saved in {before, submitted}:  # the other user did not change it, or just as this one
            continue
        keeps_submitted = submitted != before
        conflicts.append(
            FieldConflict(
                label=field.label or name,
                saved=form.text_of(name, saved),
                submitted=form.text_of(name, submitted),
                keeps_submitted=keeps_submitted,
            )
        )
        if not keeps_submitted:
            data[name] = saved
    data[VERSION] = str(form.initial[VERSION])
    return conflicts, data


@dataclass(frozen=True)
class Conflict:
    """The changes that another user saved while the form was open."""

    # Who made the last one and when; None if it changed no field of the user's form.
    last_change: Change | None
    fields: list[FieldConflict]


def merge_conflict(
    make_form: Callable[..., F], record: Any, submitted_data: QueryDict
) -> tuple[F, Conflict]:
    """Return a form with the user's changes and those saved meanwhile, and what they are.

    ``make_form`` takes ``record`` and ``data`` and returns the user's form. The returned form is
    based on the current version of the record, so that saving it succeeds. What the user's form was
    loaded with comes from the history, by the version in the form.
    """
    current_form = make_form(record=record, data=None)
    version = submitted_data.get(VERSION, "")
    is_number = version.isascii() and version.isdecimal() and len(version) <= MAX_INTEGER_DIGITS
    state = state_at(record, int(version)) if is_number else None
    loaded = {} if state is None else dict(make_form(record=state, data=None).initial)
    conflicts, data = merge_changes(current_form, loaded, submitted_data)
    fields = current_form.declarations.values()
    changes = latest_changes(current_form.user, record, limit=1, fields=fields)
    conflict = Conflict(last_change=next(iter(changes), None), fields=conflicts)
    return make_form(record=record, data=data), conflict


def _input_text(field: forms.Field, value: Any) -> str:
    """Return the text that the field's input shows for a value."""
    prepared = field.prepare_value(value)
    return "" if prepared is None else str(prepared)
