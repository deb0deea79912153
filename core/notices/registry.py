"""The kinds of notices of all apps, by name, from ``settings.NOTICE_KINDS``."""

from functools import cache

from django.conf import settings

from common.loading import import_by_name
from core.notices.declarations import NoticeKind


@cache
def notice_kinds() -> dict[str, NoticeKind]:
    """Return the kinds by name; raise ImportError or TypeError for a wrong path."""
    return import_by_name(settings.NOTICE_KINDS, NoticeKind)
