"""Names kept in both languages."""

from django.utils.translation import get_language


def pick(*, zh: str, en: str) -> str:
    """Return the name in the active language; the other one when that is blank."""
    if (get_language() or "zh").startswith("zh"):
        return zh or en
    return en or zh
