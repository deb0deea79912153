"""Roles: a set of permissions and a data access level. Every user has one role.

A role is not company data, so it has no visibility rule (``accounts.scoping``).
"""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import DataAccessLevel
from common.history import tracked
from common.localised import localised_text

# This is a trigger because a check constraint cannot read another table. It would have to list the
# permissions itself, and every new permission would need a migration.
REQUIRE_KNOWN_PERMISSIONS = """
    IF NOT NEW.permissions::text[] <@ ARRAY(SELECT code::text FROM accounts_knownpermission) THEN
        RAISE EXCEPTION 'role % has an unknown permission', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_role_permissions_known';
    END IF;
    RETURN NEW;
"""


class KnownPermission(models.Model):
    """A permission that ``migrate`` has granted already, and that roles may therefore hold.

    ``staff.services.role.grant_new_permissions`` adds a row when it grants a permission to the
    starting roles. It grants only permissions without a row, so one that an administrator removes
    from a role stays removed. ``code`` is a value of ``Permission``.
    """

    code = models.CharField(_("code"), max_length=40, primary_key=True)

    class Meta:
        verbose_name = _("known permission")
        verbose_name_plural = _("known permissions")

    def __str__(self) -> str:
        return self.code


@tracked()
class Role(models.Model):
    """What a group of users may do and see. Administrators can add and edit roles.

    ``permissions`` holds values of ``Permission``, for example ``["customer.view"]``.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60)
    access_level = models.CharField(_("sees"), max_length=10, choices=DataAccessLevel.choices)
    permissions = ArrayField(
        models.CharField(max_length=40), verbose_name=_("permissions"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="accounts_role_access_level_known",
                condition=models.Q(access_level__in=DataAccessLevel.values),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="require_known_permissions",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("permissions"),
                func=REQUIRE_KNOWN_PERMISSIONS,
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return localised_text(zh=self.name_zh, en=self.name_en)
