"""The lists of all apps, by name, from ``settings.LISTS``."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from core.listing.declarations import ListDeclaration


@cache
def lists() -> dict[str, ListDeclaration]:
    """Return the lists by name.

    Raises ImportError for a wrong path, TypeError for one that is no list.
    """
    by_name: dict[str, ListDeclaration] = {}
    for path in settings.LISTS:
        declaration = import_string(path)
        if not isinstance(declaration, ListDeclaration):
            raise TypeError(f"{path} is no ListDeclaration")
        by_name[declaration.name] = declaration
    return by_name
