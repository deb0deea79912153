"""Roles: a set of permissions and a depth of view."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Depth, Permission
from common.history import tracked
from common.localised import pick


@tracked()
class Role(models.Model):
    """What a kind of person may do and how far they see. Editable by the administrator."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60)
    depth = models.CharField(_("sees"), max_length=10, choices=Depth.choices)
    permissions = ArrayField(
        models.CharField(max_length=40, choices=Permission.choices),
        verbose_name=_("permissions"),
        default=list,
        blank=True,
    )

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="accounts_role_depth_known", condition=models.Q(depth__in=Depth.values)
            ),
            models.CheckConstraint(
                name="accounts_role_permissions_known",
                condition=models.Q(permissions__contained_by=Permission.values),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return pick(zh=self.name_zh, en=self.name_en)
