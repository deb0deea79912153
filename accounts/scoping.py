"""Row-level visibility: which rows a user may see.

A model with company data derives from :class:`ScopedModel` and defines its rule once, in
``visibility_filter``. All code outside of models reads through ``Model.objects.visible_to(user)``.
A row the user may not see is absent from every result, and a page about it answers 404.
"""

from typing import Protocol, Self, TypeVar

from django.db import models
from django.db.models import Q


class ScopedUser(Protocol):
    """The attributes of a user on which visibility depends."""

    @property
    def pk(self) -> int: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def access_level(self) -> str: ...
    @property
    def unit_id(self) -> int: ...
    @property
    def unit_path(self) -> str: ...


class ScopedModel(models.Model):
    """A model whose rows are visible to some users only."""

    class Meta:
        abstract = True

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Return the condition for the rows ``user`` may see. Each model defines its own."""
        raise NotImplementedError


M_co = TypeVar("M_co", bound=ScopedModel, covariant=True)

NO_ROWS = Q(pk__in=[])


class ScopedQuerySet(models.QuerySet[M_co]):
    """A queryset that can be restricted to the rows a user may see."""

    def visible_to(self, user: ScopedUser) -> Self:
        """Keep the rows ``user`` may see; an inactive user sees none."""
        if not user.is_active:
            return self.filter(NO_ROWS)
        return self.filter(self.model.visibility_filter(user))


def unknown_access_level(user: ScopedUser) -> ValueError:
    """Return the error for an access level that a model's rule does not handle."""
    return ValueError(f"unknown data access level: {user.access_level!r}")
