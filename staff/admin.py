"""Administration of staff: users, units, roles and keys."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
)

from accounts.models import ApiKey, OrgUnit, Role, User
from accounts.permissions import Permission
from core.service_admin import (
    LOADED_VERSION,
    AdminRequest,
    ServiceModelAdmin,
    ServiceModelForm,
    VersionedForm,
)
from staff.services.key import issue_key, revoke_key
from staff.services.role import save_role
from staff.services.unit import save_unit
from staff.services.user import save_user

# The libraries' own: nobody here has an e-mail account or a group, and the pages would stand open.
admin.site.unregister([EmailAddress, Group])
admin.site.index_title = _("Administration")


class UserForm(VersionedForm):
    """A user, and a password to set."""

    password = forms.CharField(
        label=_("new password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "Left empty, the password stays as it is. A service account has none; give it a key."
        ),
    )

    class Meta:
        model = User
        fields = [
            "employee_number", "name", "unit", "role", "manager",
            "phone", "language", "is_active", "is_service",
        ]  # fmt: skip


@admin.register(User)
class UserAdmin(ServiceModelAdmin):
    """People and service accounts. Nobody is deleted: who leaves is made inactive."""

    view_permission = Permission.STAFF_MANAGE
    change_permission = Permission.STAFF_MANAGE
    form = UserForm
    list_display = ["employee_number", "name", "role", "unit", "is_active", "is_service"]
    list_filter = ["is_active", "is_service", "role"]
    list_select_related = ["role", "unit"]
    search_fields = ["employee_number", "name"]
    autocomplete_fields = ["manager"]
    ordering = ["employee_number"]

    def write(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> User:
        """Open the account or change it."""
        return save_user(actor=actor, user_id=pk, **values)


@admin.register(OrgUnit)
class OrgUnitAdmin(ServiceModelAdmin):
    """The organisation, in the order of its tree. Moving a unit moves everything below it."""

    view_permission = Permission.STAFF_MANAGE
    change_permission = Permission.STAFF_MANAGE
    form = VersionedForm
    fields = ["code", "name_zh", "name_en", "kind", "parent", LOADED_VERSION]
    list_display = ["in_tree", "code", "kind"]
    list_filter = ["kind"]
    search_fields = ["code", "name_zh", "name_en"]
    ordering = ["path"]

    @admin.display(description=_("unit"), ordering="path")
    def in_tree(self, unit: OrgUnit) -> SafeString:
        """Draw the unit as deep as it stands."""
        depth = str(unit.path).count(".")
        return format_html("{}{}", "\u2003" * depth, unit.name)

    def write(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> OrgUnit:
        """Create, change or move the unit."""
        return save_unit(actor=actor, unit_id=pk, **values)


class RoleForm(VersionedForm):
    """A role, its permissions as boxes to tick."""

    permissions = forms.MultipleChoiceField(
        label=_("permissions"),
        choices=Permission.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )

    class Meta:
        model = Role
        fields = ["code", "name_zh", "name_en", "access_level", "permissions"]


@admin.register(Role)
class RoleAdmin(ServiceModelAdmin):
    """Roles: what their holders may, and how far they see."""

    view_permission = Permission.STAFF_MANAGE
    change_permission = Permission.STAFF_MANAGE
    form = RoleForm
    list_display = ["localised_name", "code", "access_level"]
    ordering = ["pk"]

    @admin.display(description=_("role"))
    def localised_name(self, role: Role) -> str:
        """Return the name in the reader's language."""
        return role.name

    def write(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> Role:
        """Create or change the role."""
        return save_role(actor=actor, role_id=pk, **values)


class KeyForm(ServiceModelForm):
    """Whom a key is for, and for how long."""

    days = forms.IntegerField(
        label=_("good for how many days"), initial=365, widget=UnfoldAdminIntegerFieldWidget()
    )

    class Meta:
        model = ApiKey
        fields = ["user", "name"]


@admin.register(ApiKey)
class ApiKeyAdmin(ServiceModelAdmin):
    """Keys of other systems: issued, shown once, revoked. What is kept of one is its hash."""

    view_permission = Permission.STAFF_MANAGE
    change_permission = Permission.STAFF_MANAGE
    may_change = False
    may_delete = True
    form = KeyForm
    list_display = ["name", "token_key", "user", "created", "expiry"]
    list_select_related = ["user"]
    search_fields = ["name", "user__name", "user__employee_number"]
    autocomplete_fields = ["user"]
    ordering = ["-created"]

    def get_fields(self, request: AdminRequest, obj: ApiKey | None = None) -> list[str]:
        """Ask for what issuing takes; show what is known of a key."""
        if obj is None:
            return ["user", "name", "days"]
        return ["user", "name", "token_key", "created", "expiry"]

    def write(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> ApiKey:
        """Issue the key; its text stays with the form for the one answer that shows it."""
        user = values.pop("user")
        key, form.instance.text = issue_key(actor=actor, user_id=user.pk, **values)
        return key

    def response_add(self, request: AdminRequest, obj: Any, *args: object) -> HttpResponse:
        """Show the key's text, this once."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("API key issued"),
            "key": self.get_queryset(request).get(pk=obj.pk),
            "text": obj.text,
            "list_url": self._address("changelist"),
        }
        return TemplateResponse(request, "staff/key_issued.html", context)

    def get_queryset(self, request: AdminRequest) -> QuerySet[ApiKey]:
        """Return the keys of the users the person sees."""
        people = User.objects.visible_to(request.user)
        return super().get_queryset(request).filter(user__in=people.values("pk"))

    def remove(self, actor: User, record: ApiKey) -> None:
        """Revoke the key."""
        revoke_key(actor=actor, digest=record.digest)
