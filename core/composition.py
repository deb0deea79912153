"""Pages composed of parts that several apps contribute, named in settings in display order.

A part is a class with a slug, a title, a template, a permission and a query budget. Each is fetched
as a fragment of its own, so one that fails or is slow does not affect the others. Nothing is
registered by being imported: the lists in settings say which parts there are.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from accounts.models import User
from accounts.permissions import Permission
from core.pages import AuthedRequest


class Part:
    """One fragment of a composed page."""

    slug: ClassVar[str]
    title: ClassVar[str | Promise]
    template: ClassVar[str]
    permission: ClassVar[Permission]
    query_budget: ClassVar[int]  # queries its context and template may take, at any size
    wide: ClassVar[bool] = False  # stands in the main column

    def is_available_to(self, user: User) -> bool:
        """Tell whether the user gets this part at all."""
        return user.may(self.permission)


class HomeWidget(Part):
    """A part of the home page."""

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Return what the template needs, for the user of the request."""
        raise NotImplementedError


class HasSlug(Protocol):
    """What the check of a list in settings needs to know of a part."""

    slug: ClassVar[str]


P = TypeVar("P")


def load_parts(paths: Sequence[str], kind: type[P]) -> tuple[P, ...]:
    """Return an instance of each class named by its dotted path.

    Raises ImportError for a path that leads nowhere, TypeError for a class of another kind.
    """
    parts: list[P] = []
    for path in paths:
        part = import_string(path)
        if not (isinstance(part, type) and issubclass(part, kind)):
            raise TypeError(f"{path} is no {kind.__name__}")
        parts.append(part())
    return tuple(parts)


def check_parts(setting: str, load: Callable[[], Sequence[HasSlug]]) -> list[CheckMessage]:
    """Return an error for a bad path in a list of settings, and for each duplicate slug."""
    try:
        slugs = Counter(part.slug for part in load())
    except (ImportError, TypeError) as error:
        return [Error(f"{setting}: {error}", id="core.E001")]
    return [
        Error(f"{setting}: two parts share the slug {slug!r}", id="core.E002")
        for slug, count in slugs.items()
        if count > 1
    ]


@cache
def home_widgets() -> tuple[HomeWidget, ...]:
    """Return the home page's widgets, in the order of settings."""
    return load_parts(settings.HOME_WIDGETS, HomeWidget)
