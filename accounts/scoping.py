"""Row-level visibility: which rows a user may see.

A model with company data derives from ``ScopedModel``, defines its rule once in
``visibility_filter``, and has ``objects = ScopedQuerySet["TheModel"].as_manager()``. All code
outside of models reads through ``TheModel.objects.visible_to(user)``. A row the user may not see is
absent from every result, and a page about it answers 404.
"""

from typing import Protocol, Self, TypeVar

from django.db import models
from django.db.models import Q


class ScopedUser(Protocol):
    """The attributes of a user on which visibility depends.

    ``accounts.models.User`` has them. This module cannot import it, because the model imports this
    module. ``access_level`` is a value of ``DataAccessLevel``; ``unit_path`` is the ltree path of
    the user's unit, for example ``"1.5.12"``.
    """

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
        """Return the condition for the rows ``user`` may see; ``Q()`` for all rows.

        Each model defines its own, with one branch per ``DataAccessLevel``. The user is active:
        ``visible_to`` has checked that.
        """
        raise NotImplementedError


# Covariant, because the type variable of django-stubs' QuerySet is.
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
    """Return the error to raise at the end of a ``visibility_filter``.

    A new access level then fails in every model that does not handle it, and shows no rows.
    """
    return ValueError(f"unknown data access level: {user.access_level!r}")
