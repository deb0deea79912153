"""Saved views: queries of a list that a user has given a name.

Only ``core.services.saved_view`` creates and changes them, and the demonstration company.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, TextField, Value
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts.models import OrgUnit
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser
from common.history import tracked

MAX_NAME_LENGTH = 60


class SavedViewQuerySet(ScopedQuerySet["SavedView"]):
    """Saved views."""

    def of_list(self, list_name: str, user: ScopedUser) -> "SavedViewQuerySet":
        """Keep the views of a list, the user's own ones first, then by name.

        Each has ``is_own``, and ``is_default``: whether the user's list opens with it.
        """
        defaults = DefaultView.objects.filter(view=OuterRef("pk"), user=user.pk)
        return (
            self.filter(list_name=list_name)
            .annotate(is_default=Exists(defaults), is_own=Exact(F("owner"), Value(user.pk)))
            .order_by("-is_own", "name", "pk")
        )


@tracked()
class SavedView(ScopedModel):
    """A named query of a list.

    ``list_name`` is the name of a ``core.listing.declarations.ListDeclaration``, ``query`` the JSON
    of a ``core.listing.query.ListQuery``. The owner sees it, and everyone of the unit
    ``shared_with`` and of the units below it.
    """

    list_name = models.CharField(_("list"), max_length=60)
    name = models.CharField(_("name"), max_length=MAX_NAME_LENGTH)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="saved_views",
        verbose_name=_("owner"),
    )
    shared_with = models.ForeignKey(
        OrgUnit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="saved_views",
        verbose_name=_("shared with"),
    )
    query: models.JSONField[Any, Any] = models.JSONField(_("query"))

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["list_name", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list_name", "name"], name="core_saved_view_name_once"
            ),
            models.CheckConstraint(
                name="core_saved_view_name_not_blank", condition=Q(name__regex=r"\S")
            ),
            models.CheckConstraint(
                name="core_saved_view_query_object",
                condition=Exact(
                    Func("query", function="jsonb_typeof", output_field=TextField()),
                    Value("object"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Return the filter for own views and those shared with a unit that the user belongs to.

        The access level makes no difference: a view is a way to look at rows, and shows none.
        """
        return Q(owner=user.pk) | Q(shared_with__path__ancestors=user.unit_path)


class DefaultView(models.Model):
    """The view with which a list opens for a user."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="default_views",
        verbose_name=_("user"),
    )
    list_name = models.CharField(_("list"), max_length=60)
    view = models.ForeignKey(
        SavedView, on_delete=models.CASCADE, related_name="defaults", verbose_name=_("saved view")
    )

    class Meta:
        verbose_name = _("default view")
        verbose_name_plural = _("default views")
        constraints = [
            models.UniqueConstraint(fields=["user", "list_name"], name="core_default_view_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.list_name}"
