"""Who sees which rows: the one mechanism every model uses.

A model that holds company data derives from :class:`ScopedModel` and says its rule once, in
``scope``. Everything outside models reads through ``Model.objects.visible_to(user)``; a row out of
scope is then simply not there, and the page says 404.
"""

from typing import Protocol, Self, TypeVar

from django.db import models
from django.db.models import Q


class Viewer(Protocol):
    """What scoping needs to know of the person who looks."""

    @property
    def pk(self) -> int: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def depth(self) -> str: ...
    @property
    def unit_id(self) -> int: ...
    @property
    def unit_path(self) -> str: ...


class ScopedModel(models.Model):
    """A model whose rows belong to somebody."""

    class Meta:
        abstract = True

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        """Return the condition under which ``viewer`` sees a row. Each model states its own."""
        raise NotImplementedError


M_co = TypeVar("M_co", bound=ScopedModel, covariant=True)

NOTHING = Q(pk__in=[])


class ScopedQuerySet(models.QuerySet[M_co]):
    """A queryset that knows who is looking."""

    def visible_to(self, viewer: Viewer) -> Self:
        """Keep the rows ``viewer`` may see; a person who has left sees none."""
        if not viewer.is_active:
            return self.filter(NOTHING)
        return self.filter(self.model.scope(viewer))
