"""Users: the people of the company, and service accounts for its other systems."""

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.role import Role
from accounts.models.unit import OrgUnit
from accounts.permissions import DataAccessLevel, Permission
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser, unknown_access_level
from common.history import tracked

EMPLOYEE_NUMBER_PATTERN = r"^[0-9A-Za-z][0-9A-Za-z._-]*\Z"  # valid in Python and in PostgreSQL


class UserQuerySet(ScopedQuerySet["User"]):
    """A queryset of users."""

    def get_by_natural_key(self, employee_number: str | None) -> "User":
        """Return the user with the employee number, in upper or lower case, with unit and role.

        Raises User.DoesNotExist. Django prescribes the name of this method for user managers.
        """
        return self.select_related("unit", "role").get(employee_number__iexact=employee_number)

    def account_managers(self) -> "UserQuerySet":
        """Keep the active people whose role may edit customers, ordered by name.

        Only they can look after customers. The role's code does not matter: administrators can add
        roles.
        """
        return self.filter(
            is_active=True,
            is_service=False,
            role__permissions__contains=[Permission.CUSTOMER_EDIT.value],
        ).order_by("name", "employee_number")


# The password hash stays out of the history. last_login is excluded because signing in writes it
# outside of an audited transaction.
@tracked(exclude=["password", "last_login"])
class User(AbstractBaseUser, ScopedModel):
    """A person, or a service account, which has no password and uses API keys.

    Users are never deleted: ``is_active`` False closes the account. Permissions come from the role;
    Django's PermissionsMixin (groups, superusers) is not used. ``manager`` is the superior.
    """

    employee_number = models.CharField(
        _("employee number"),
        max_length=40,
        validators=[RegexValidator(EMPLOYEE_NUMBER_PATTERN)],
    )
    name = models.CharField(_("name"), max_length=60)
    unit = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, related_name="users", verbose_name=_("unit")
    )
    role = models.ForeignKey(
        Role, on_delete=models.PROTECT, related_name="users", verbose_name=_("role")
    )
    manager = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("manager"),
    )
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_service = models.BooleanField(_("service account"), default=False)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    objects = UserQuerySet.as_manager()

    USERNAME_FIELD = "employee_number"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["employee_number"]
        indexes = [
            # For lists that are sorted by the name of a related user.
            models.Index(fields=["name", "id"], name="accounts_user_name"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("employee_number"),
                name="accounts_user_employee_number_unique",
                violation_error_message=_("This employee number is taken."),
            ),
            models.CheckConstraint(
                name="accounts_user_employee_number_form",
                condition=Q(employee_number__regex=EMPLOYEE_NUMBER_PATTERN),
            ),
            models.CheckConstraint(
                name="accounts_user_not_own_manager",
                condition=~Q(manager=models.F("pk")),
                violation_error_message=_("Nobody is their own manager."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Users see the users of the units that their level covers; at OWN, those of their unit."""
        if user.access_level == DataAccessLevel.ALL:
            return Q()
        if user.access_level == DataAccessLevel.SUBTREE:
            return Q(unit__path__descendants=user.unit_path)
        if user.access_level in {DataAccessLevel.UNIT, DataAccessLevel.OWN}:
            return Q(unit=user.unit_id)
        raise unknown_access_level(user)

    @property
    def access_level(self) -> str:
        """The data access level of the user's role, a value of ``DataAccessLevel``."""
        return self.role.access_level

    @property
    def unit_path(self) -> str:
        """The ltree path of the user's unit, for example ``"1.5.12"``."""
        return str(self.unit.path)

    def may(self, permission: Permission) -> bool:
        """Tell whether the user's role holds the permission; an inactive user holds none."""
        return self.is_active and permission.value in self.role.permissions

    @property
    def is_staff(self) -> bool:
        """Whether the user may enter Django's admin."""
        return self.may(Permission.ADMIN_ENTER)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Answer Django's permission checks; ``perm`` is a value of ``Permission``.

        Django's own names, such as ``"crm.view_customer"``, are always False.
        """
        return perm in Permission.values and self.may(Permission(perm))

    def has_module_perms(self, app_label: str) -> bool:
        """Return True for users of the admin; each admin page checks its own permission."""
        return self.is_staff
