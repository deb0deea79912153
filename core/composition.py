"""Pages composed of parts from several apps, listed in settings in the order they are shown.

The home page is made of HomeWidgets, the customer page of ``crm.composition.CustomerPanel``. The
browser fetches each part in a request of its own, so one that fails or is slow does not affect the
others. Importing a part registers nothing: only the lists in settings (``HOME_WIDGETS``) decide
which parts are shown.
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
    """A part of a composed page."""

    slug: ClassVar[str]  # identifies the part in URLs
    title: ClassVar[str | Promise]
    template: ClassVar[str]
    permission: ClassVar[Permission]
    # The most queries that context and template together may take, however many rows there are.
    # Tests check it.
    query_budget: ClassVar[int]
    wide: ClassVar[bool] = False  # is shown in the wide column of the page, not the narrow one

    def is_available_to(self, user: User) -> bool:
        """Return whether the user may see this part."""
        return user.may(self.permission)


class HomeWidget(Part):
    """A part of the home page."""

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Return the template's context for the user of the request."""
        raise NotImplementedError


class HasSlug(Protocol):
    """What ``check_parts`` needs of a part; ``crm``'s list parts have a slug but are no Part."""

    slug: ClassVar[str]


P = TypeVar("P")


def load_parts(paths: Sequence[str], base_class: type[P]) -> tuple[P, ...]:
    """Return an instance of each class named by a dotted path (``"crm.panels.Basics"``).

    Raises ImportError for a path that cannot be imported, TypeError for another kind of object.
    """
    parts: list[P] = []
    for path in paths:
        part = import_string(path)
        if not (isinstance(part, type) and issubclass(part, base_class)):
            raise TypeError(f"{path} is no {base_class.__name__}")
        parts.append(part())
    return tuple(parts)


def check_parts(setting: str, load: Callable[[], Sequence[HasSlug]]) -> list[CheckMessage]:
    """Return system check errors for the parts of a setting.

    ``setting`` is its name, for the message; ``load`` returns its parts. An error is returned if
    ``load`` raises ImportError or TypeError (a wrong path), and for each slug that two parts share.
    """
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
    """Return the home page's widgets in display order. They are made once per process."""
    return load_parts(settings.HOME_WIDGETS, HomeWidget)
