"""The base class of all admin pages: own permissions, scoped rows, writes through services.

Django's admin checks Django's permissions, lists every row and saves models directly. The classes
here check ``accounts.permissions`` instead, list only the rows ``visible_to`` the user, and save
and delete through services. An error raised by a service is shown at its field of the same form,
with everything the user typed, as if the form itself had found it.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db.models import ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import User
from accounts.permissions import Permission
from accounts.scoping import ScopedQuerySet
from common.errors import RefusedError, StaleError
from core.fields.declarations import FieldDeclaration
from core.history import latest_changes
from core.pages import AuthedRequest

MAX_CHANGES = 200  # shown on a record's history page
LOADED_VERSION = "loaded_version"  # name of the hidden field: the state of the record when loaded


class AdminRequest(AuthedRequest):
    """A request to the admin.

    ``changeform_view`` sets ``service_error`` when a service has refused the submitted form.
    """

    service_error: ValidationError


class ServiceModelForm(forms.ModelForm[Any]):
    """A form that leaves the model's validation to the service, and shows the service's errors.

    ``ServiceModelAdmin.get_form`` derives a class from it for each request and sets
    ``service_error`` there.
    """

    service_error: ClassVar[ValidationError | None] = None

    def clean(self) -> dict[str, Any] | None:
        """Add the service's errors to their fields, or to the form if it lacks the field."""
        cleaned = super().clean()
        if self.service_error is not None:
            for field, errors in _errors_by_field(self.service_error).items():
                self.add_error(field if field in self.fields else None, errors)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Exclude every model field: the service validates them, and errors must not show twice."""
        return {field.name for field in self.instance._meta.get_fields()}  # noqa: SLF001

    def validate_unique(self) -> None:
        """Check nothing: the service does, without revealing records of other divisions."""


class VersionedForm(ServiceModelForm):
    """A form that is refused if its record has changed since the form was loaded.

    The form submits all fields, also those the user did not touch. Saving an old form would
    therefore undo another user's change: it could, for example, reactivate a user who was
    deactivated meanwhile.
    """

    loaded_version = forms.CharField(label="", required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._current_version = _record_hash(self.instance)
        self.fields[LOADED_VERSION].initial = self._current_version

    def clean(self) -> dict[str, Any] | None:
        """Add an error if the form was loaded from another state of the record."""
        cleaned = super().clean()
        # The version is blank for a new record, and if a program posts without loading the form.
        if self.cleaned_data.get(LOADED_VERSION) not in {"", self._current_version}:
            self.add_error(None, _as_validation_error(StaleError()))
        return cleaned


def _record_hash(record: Model) -> str:
    """Return a hash of the record's values; empty for a new record.

    Password and last login are left out, because signing in may change them while the form is open.
    """
    if record.pk is None:
        return ""
    values = forms.model_to_dict(record, exclude=["password", "last_login"])
    return sha256(repr(values).encode()).hexdigest()


def _errors_by_field(error: ValidationError) -> Mapping[str, Any]:
    if hasattr(error, "error_dict"):
        return error.error_dict
    return {NON_FIELD_ERRORS: error.error_list}


class ServiceModelAdmin(ModelAdmin):
    """An admin page whose reads are scoped and whose writes are service calls.

    Reading needs ``view_permission``, every write ``change_permission``; without one the page is
    read-only. ``may_add``, ``may_change`` and ``may_delete`` turn single operations off for all
    users. Subclasses implement ``save_through_service`` and ``delete_through_service``.
    """

    view_permission: ClassVar[Permission]
    change_permission: ClassVar[Permission | None] = None
    may_add: ClassVar[bool] = True
    may_change: ClassVar[bool] = True
    may_delete: ClassVar[bool] = False
    form = ServiceModelForm
    show_full_result_count = False  # it would count all rows of the table for each page
    list_filter_sheet = False  # on wide screens the theme shows filters beside the list

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> Model:
        """Create a record if ``pk`` is None, else change the one with this key; return it.

        ``values`` are by name of the form's field: all of a new record, only the changed ones of an
        existing record. ``form`` has everything else that was submitted.
        """
        raise NotImplementedError

    def delete_through_service(self, actor: User, record: Any) -> None:
        """Delete the record, or raise RefusedError."""
        raise NotImplementedError

    # --- permissions ---------------------------------------------------------------------------

    def has_module_permission(self, request: AdminRequest) -> bool:
        """Return whether the user may open these pages."""
        return request.user.may(self.view_permission)

    def has_view_permission(self, request: AdminRequest, obj: Model | None = None) -> bool:
        """Return whether the user may see records."""
        return request.user.may(self.view_permission)

    def has_change_permission(self, request: AdminRequest, obj: Model | None = None) -> bool:
        """Return whether the user may change records."""
        return self.may_change and self._holds_change_permission(request.user)

    def has_add_permission(self, request: AdminRequest) -> bool:
        """Return whether the user may add records."""
        return self.may_add and self._holds_change_permission(request.user)

    def has_delete_permission(self, request: AdminRequest, obj: Model | None = None) -> bool:
        """Return whether the user may delete records."""
        return self.may_delete and self._holds_change_permission(request.user)

    def _holds_change_permission(self, user: User) -> bool:
        return self.change_permission is not None and user.may(self.change_permission)

    # --- reading -------------------------------------------------------------------------------

    def get_queryset(self, request: AdminRequest) -> QuerySet[Any]:
        """Return the rows the user may see."""
        return _visible_rows(request.user, super().get_queryset(request))

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: AdminRequest, **kwargs: Any
    ) -> Any:
        """Offer only related records the user may see."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.queryset = _visible_rows(request.user, field.queryset)
        return field

    def get_actions(self, request: AdminRequest) -> dict[str, Any]:
        """Offer no bulk actions: Django's bulk delete would bypass the services."""
        return {}

    def _get_obj_does_not_exist_redirect(self, *args: object) -> HttpResponse:
        """Raise Http404, where Django would redirect with a message."""
        raise Http404

    # --- writing -------------------------------------------------------------------------------

    def get_form(
        self, request: AdminRequest, obj: Any = None, **kwargs: Any
    ) -> type[ServiceModelForm]:
        """Return a form class that has the service's error of this request, if there was one."""
        form = super().get_form(request, obj, **kwargs)
        service_error = getattr(request, "service_error", None)
        return type(form.__name__, (form,), {"service_error": service_error})

    def changeform_view(self, request: AdminRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Handle the form; if the service refuses it, show it again with the errors.

        Django's view runs in a transaction, which an exception of the service rolls back. It is
        then called a second time: ``get_form`` now returns a class with the error, so the same
        data is invalid and the view shows the form.
        """
        try:
            return cast(HttpResponseBase, super().changeform_view(request, *args, **kwargs))
        except (ValidationError, RefusedError, StaleError) as error:
            request.service_error = _as_validation_error(error)
        return cast(HttpResponseBase, super().changeform_view(request, *args, **kwargs))

    def save_model(
        self, request: AdminRequest, obj: Model, form: forms.ModelForm[Any], change: object
    ) -> None:
        """Save through the service: all fields of a new record, else only the changed ones.

        ``obj`` itself, which has the submitted values, is not saved. No form here has a
        many-to-many field, so the admin's ``save_related`` writes nothing.
        """
        names: Iterable[str] = form.changed_data if change else form.cleaned_data
        values = {
            name: form.cleaned_data[name]
            for name in names
            if name != LOADED_VERSION and not _is_hidden_reference(form, name)
        }
        pk = obj.pk if change else None
        saved = self.save_through_service(request.user, pk, values, form)
        obj.pk = saved.pk  # the admin redirects to the page of ``obj``

    def delete_model(self, request: AdminRequest, obj: Model) -> None:
        """Delete through the service."""
        self.delete_through_service(request.user, obj)

    def delete_view(
        self, request: AdminRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Confirm and delete; if the service refuses, return to the record with its message."""
        try:
            return cast(HttpResponseBase, super().delete_view(request, object_id, extra_context))
        except RefusedError as error:
            messages.error(request, error.message)
        return redirect(self.admin_url("change", object_id))

    def get_deleted_objects(
        self, objs: Iterable[Model], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return only the records' names, with no counts, missing permissions or protected records.

        Django would look for everything that refers to them; here the service checks that.
        """
        return [str(record) for record in objs], {}, set(), []

    # --- history -------------------------------------------------------------------------------

    def log_addition(self, *args: object) -> None:
        """Write nothing to Django's admin log, because the database writes the history."""

    log_change = log_deletion = log_deletions = log_addition

    def history_view(
        self, request: AdminRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the record's history from the database; 404 for a model without history."""
        record = self.get_object(request, object_id)
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        if record is None or not hasattr(record, "events"):
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(record)s") % {"record": record},
            "changes": latest_changes(
                request.user, record, limit=MAX_CHANGES, fields=self.history_fields()
            ),
            "opts": self.opts,
        }
        return TemplateResponse(request, "core/admin/history.html", context)

    def history_fields(self) -> Sequence[FieldDeclaration] | None:
        """Return the declared fields that the history shows; None for all fields of the model."""
        return None

    def admin_url(self, page: str, *args: Any) -> str:
        """Return the URL of an admin page of this model.

        ``page`` is ``"changelist"``, or for example ``"change"`` with the record's key in ``args``.
        """
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args)


class ReadOnlyInline(TabularInline):
    """Rows that belong to a record, read-only, for every user who may see the record."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return True: the record's own page has checked the permission."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False


def _is_hidden_reference(form: forms.ModelForm[Any], name: str) -> bool:
    """Return whether a reference was submitted empty because the user may not see its record.

    The form cannot offer such a record. An empty value must then not remove the reference.
    """
    field = form.fields.get(name)
    if not isinstance(field, forms.ModelChoiceField) or form.cleaned_data[name] is not None:
        return False
    stored_id = form.initial.get(name)
    visible = field.queryset
    if stored_id is None or visible is None:
        return False
    return not visible.filter(pk=stored_id).exists()


def _visible_rows(user: User, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Restrict rows to those ``user`` may see; models without company data are not scoped."""
    return rows.visible_to(user) if isinstance(rows, ScopedQuerySet) else rows


def _as_validation_error(error: ValidationError | RefusedError | StaleError) -> ValidationError:
    if isinstance(error, ValidationError):
        return error
    if isinstance(error, RefusedError):
        return ValidationError(error.message)
    return ValidationError(
        _("Somebody changed this record while you were at it. Open it again, then change it.")
    )
