"""Texts that are stored in Chinese and in English, such as the names of roles and units."""

from django.utils.translation import get_language


def localised_text(*, zh: str, en: str) -> str:
    """Return the text in the active language, or the other text if that one is blank.

    Without an active language it is Chinese.
    """
    if (get_language() or "zh").startswith("zh"):
        return zh or en
    return en or zh
