"""The lists of all apps that have a page, by name, from ``settings.LISTS``."""

from functools import cache

from django.conf import settings

from common.loading import import_by_name
from core.listing.declarations import ListDeclaration


@cache
def lists() -> dict[str, ListDeclaration]:
    """Return the lists by name; raise ImportError or TypeError for a wrong path."""
    return import_by_name(settings.LISTS, ListDeclaration)
