"""Administration of users, units, roles and API keys.

``core.service_admin`` explains the base classes: its pages save through the services below.
"""

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

# Models of libraries that the product does not use. Their pages would not check our permissions.
admin.site.unregister([EmailAddress, Group])
admin.site.index_title = _("Administration")


class UserForm(VersionedForm):
    """The form of a user, with a field that sets a new password."""

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
    """People and service accounts. Users are never deleted but made inactive."""

    view_permission = Permission.STAFF_MANAGE
    change_permission = Permission.STAFF_MANAGE
    form = UserForm
    list_display = ["employee_number", "name", "role", "unit", "is_active", "is_service"]
    list_filter = ["is_active", "is_service", "role"]
    list_select_related = ["role", "unit"]
    search_fields = ["employee_number", "name"]
    autocomplete_fields = ["manager"]
    ordering = ["employee_number"]

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> User:
        """Create or change the user."""
        return save_user(actor=actor, user_id=pk, **values)


@admin.register(OrgUnit)
class OrgUnitAdmin(ServiceModelAdmin):
    """The organisation, listed as a tree. Moving a unit moves everything below it."""

    view_permission = Permission.STAFF_MANAGE
    change_permission = Permission.STAFF_MANAGE
    form = VersionedForm
    # A list of fields must include the hidden field of VersionedForm.
    fields = ["code", "name_zh", "name_en", "kind", "parent", LOADED_VERSION]
    list_display = ["indented_name", "code", "kind"]
    list_filter = ["kind"]
    search_fields = ["code", "name_zh", "name_en"]
    ordering = ["path"]

    @admin.display(description=_("unit"), ordering="path")
    def indented_name(self, unit: OrgUnit) -> SafeString:
        """Return the name, indented by the unit's level in the tree."""
        level = str(unit.path).count(".")
        return format_html("{}{}", "\u2003" * level, unit.name)

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> OrgUnit:
        """Create, change or move the unit."""
        return save_unit(actor=actor, unit_id=pk, **values)


class RoleForm(VersionedForm):
    """The form of a role, with its permissions as checkboxes."""

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
    """Roles: permissions and data access level."""

    view_permission = Permission.STAFF_MANAGE
    change_permission = Permission.STAFF_MANAGE
    form = RoleForm
    list_display = ["localised_name", "code", "access_level"]
    ordering = ["pk"]

    @admin.display(description=_("role"))
    def localised_name(self, role: Role) -> str:
        """Return the name in the active language."""
        return role.name

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> Role:
        """Create or change the role."""
        return save_role(actor=actor, role_id=pk, **values)


class KeyForm(ServiceModelForm):
    """The form of a new key: its user, the system that uses it, and how many days it is valid.

    It has no version, because keys cannot be changed.
    """

    days = forms.IntegerField(
        label=_("good for how many days"), initial=365, widget=UnfoldAdminIntegerFieldWidget()
    )

    class Meta:
        model = ApiKey
        fields = ["user", "name"]


@admin.register(ApiKey)
class ApiKeyAdmin(ServiceModelAdmin):
    """API keys: adding issues a key and shows its token once; deleting revokes it."""

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
        """Ask for the days when a key is issued; show the stored columns of an existing key."""
        if obj is None:
            return ["user", "name", "days"]
        return ["user", "name", "token_key", "created", "expiry"]

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> ApiKey:
        """Issue the key.

        The token is kept as an attribute of the form's instance, which Django passes to
        ``response_add`` in the same request.
        """
        key, token = issue_key(
            actor=actor, user_id=values["user"].pk, name=values["name"], days=values["days"]
        )
        form.instance.token = token
        return key

    def response_add(self, request: AdminRequest, obj: Any, *args: object) -> HttpResponse:
        """Show the token of the new key in place of Django's redirect; it cannot be shown again."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("API key issued"),
            "key": self.get_queryset(request).get(pk=obj.pk),
            "token": obj.token,
            "list_url": self.admin_url("changelist"),
        }
        return TemplateResponse(request, "staff/key_issued.html", context)

    def get_queryset(self, request: AdminRequest) -> QuerySet[ApiKey]:
        """Return the keys of the users whom the administrator may see; keys have no own rule."""
        users = User.objects.visible_to(request.user)
        return super().get_queryset(request).filter(user__in=users.values("pk"))

    def delete_through_service(self, actor: User, record: ApiKey) -> None:
        """Revoke the key."""
        revoke_key(actor=actor, digest=record.digest)
