"""The base of every admin page: the house's permissions, its scoping, its services.

Django's admin would ask its own permissions, read every row and write past the services. Here a
page says which permissions seeing and changing take, reads through ``visible_to``, and hands what
was typed to a service. What the service refuses stands beside the field, with everything still
typed in, as if the form had known.
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
LOADED_VERSION = "loaded_version"


class AdminRequest(AuthedRequest):
    """A request to the admin; ``refusal`` is what a service said to the form just sent."""

    refusal: ValidationError


class ServiceModelForm(forms.ModelForm[Any]):
    """A form that leaves judgement to the service and shows what it said."""

    refusal: ClassVar[ValidationError | None] = None

    def clean(self) -> dict[str, Any] | None:
        """Put the service's words beside the fields they are about."""
        cleaned = super().clean()
        if self.refusal is not None:
            for field, said in _by_field(self.refusal).items():
                self.add_error(field if field in self.fields else None, said)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Leave every field of the model to the service: twice judged is twice worded."""
        return {field.name for field in self.instance._meta.get_fields()}  # noqa: SLF001

    def validate_unique(self) -> None:
        """Ask nothing: the service does, without revealing other divisions."""


class VersionedForm(ServiceModelForm):
    """A form that carries what its record looked like when it was opened.

    Sent after somebody else changed the record it is refused: it would set back what they did, and
    so reopen an account closed meanwhile.
    """

    loaded_version = forms.CharField(label="", required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[LOADED_VERSION].initial = self._state = _fingerprint(self.instance)

    def clean(self) -> dict[str, Any] | None:
        """Refuse what was opened on another state of the record."""
        cleaned = super().clean()
        if self.cleaned_data.get(LOADED_VERSION) not in {"", self._state}:
            self.add_error(None, _as_validation(StaleError()))
        return cleaned


def _fingerprint(record: Model) -> str:
    """Return the same for the same values; blank for a new record. No password goes into it."""
    if record.pk is None:
        return ""
    values = forms.model_to_dict(record, exclude=["password", "last_login"])
    return sha256(repr(values).encode()).hexdigest()


def _by_field(refusal: ValidationError) -> Mapping[str, Any]:
    if hasattr(refusal, "error_dict"):
        return refusal.error_dict
    return {NON_FIELD_ERRORS: refusal.error_list}


class ServiceModelAdmin(ModelAdmin):
    """An admin page that asks ``view_permission`` to be seen, ``change_permission`` to change.

    Without a ``change_permission`` it is for reading. ``may_add`` and ``may_delete`` say whether
    there is such a thing for this record at all; subclasses say how in ``write`` and ``remove``.
    """

    view_permission: ClassVar[Permission]
    change_permission: ClassVar[Permission | None] = None
    may_add: ClassVar[bool] = True
    may_change: ClassVar[bool] = True
    may_delete: ClassVar[bool] = False
    form = ServiceModelForm
    show_full_result_count = False
    list_filter_sheet = False

    def write(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> Model:
        """Call the service: to create where ``pk`` is None, else to change the ``values``."""
        raise NotImplementedError

    def remove(self, actor: User, record: Any) -> None:
        """Call the service that deletes."""
        raise NotImplementedError

    # --- who may -------------------------------------------------------------------------------

    def has_module_permission(self, request: AdminRequest) -> bool:
        """Tell whether the person gets these pages at all."""
        return request.user.may(self.view_permission)

    def has_view_permission(self, request: AdminRequest, obj: Model | None = None) -> bool:
        """Tell whether the person may look."""
        return request.user.may(self.view_permission)

    def has_change_permission(self, request: AdminRequest, obj: Model | None = None) -> bool:
        """Tell whether the person may change."""
        return self.may_change and self._may_write(request)

    def has_add_permission(self, request: AdminRequest) -> bool:
        """Tell whether the person may add."""
        return self.may_add and self._may_write(request)

    def has_delete_permission(self, request: AdminRequest, obj: Model | None = None) -> bool:
        """Tell whether the person may delete."""
        return self.may_delete and self._may_write(request)

    def _may_write(self, request: AdminRequest) -> bool:
        wanted = self.change_permission
        return wanted is not None and request.user.may(wanted)

    # --- what they see -------------------------------------------------------------------------

    def get_queryset(self, request: AdminRequest) -> QuerySet[Any]:
        """Return the rows the person sees."""
        rows = super().get_queryset(request)
        return _seen_by(request.user, rows)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: AdminRequest, **kwargs: Any
    ) -> Any:
        """Offer only related records the person sees."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.queryset = _seen_by(request.user, field.queryset)
        return field

    def get_actions(self, request: AdminRequest) -> dict[str, Any]:
        """Offer no bulk deleting: it would go past the services."""
        return {}

    def _get_obj_does_not_exist_redirect(self, *args: object) -> HttpResponse:
        raise Http404

    # --- what they write -----------------------------------------------------------------------

    def get_form(
        self, request: AdminRequest, obj: Any = None, **kwargs: Any
    ) -> type[ServiceModelForm]:
        """Return the form class, knowing what a service has just said."""
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def changeform_view(self, request: AdminRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show or take the form; what the service refuses is shown on the form again."""
        try:
            return cast(HttpResponseBase, super().changeform_view(request, *args, **kwargs))
        except (ValidationError, RefusedError, StaleError) as error:
            request.refusal = _as_validation(error)
        return cast(HttpResponseBase, super().changeform_view(request, *args, **kwargs))

    def save_model(
        self, request: AdminRequest, obj: Model, form: forms.ModelForm[Any], change: object
    ) -> None:
        """Hand what was typed to the service: everything when adding, else what was changed."""
        names: Iterable[str] = form.changed_data if change else form.cleaned_data
        values = {name: form.cleaned_data[name] for name in names if name != LOADED_VERSION}
        saved = self.write(request.user, obj.pk if change else None, values, form)
        obj.pk = saved.pk

    def delete_model(self, request: AdminRequest, obj: Model) -> None:
        """Hand the record to the service."""
        self.remove(request.user, obj)

    def delete_view(
        self, request: AdminRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Ask and delete; what the service refuses is said on the record's page."""
        try:
            return cast(HttpResponseBase, super().delete_view(request, object_id, extra_context))
        except RefusedError as error:
            messages.error(request, error.message)
        return redirect(self._address("change", object_id))

    def get_deleted_objects(
        self, objs: Iterable[Model], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the record alone: whether something hangs on it is the service's to say."""
        return [str(record) for record in objs], {}, set(), []

    # --- what became of it ---------------------------------------------------------------------

    def log_addition(self, *args: object) -> None:
        """Log nothing: the database writes the history."""

    log_change = log_deletion = log_deletions = log_addition

    def history_view(
        self, request: AdminRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the record's history as the database wrote it; 404 for records that have none."""
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
        """Return the declared fields the history shows; None for those of the model."""
        return None

    def _address(self, page: str, *args: Any) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args)


class ReadOnlyInline(TabularInline):
    """Rows that belong to a record, for reading; seen by whoever sees the record."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell that the rows may be seen: the record's page has asked already."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell that nobody adds one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell that nobody changes one."""
        return False


def _seen_by(user: User, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Keep what the person sees; lists that hold no company data are seen by everyone."""
    return rows.visible_to(user) if isinstance(rows, ScopedQuerySet) else rows


def _as_validation(error: ValidationError | RefusedError | StaleError) -> ValidationError:
    if isinstance(error, ValidationError):
        return error
    if isinstance(error, RefusedError):
        return ValidationError(error.message)
    return ValidationError(
        _("Somebody changed this record while you were at it. Open it again, then change it.")
    )
