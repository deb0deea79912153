"""Names that are stored in Chinese and in English."""

from django.utils.translation import get_language


def localised_name(*, zh: str, en: str) -> str:
    """Return the name in the active language, or the other name if that one is blank."""
    if (get_language() or "zh").startswith("zh"):
        return zh or en
    return en or zh
