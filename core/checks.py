"""System check: the lists of page parts in settings can be loaded, and slugs are unique."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage

from core.composition import check_parts, home_widgets


def check_composition(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> Sequence[CheckMessage]:
    """Report wrong paths and duplicate slugs in settings.HOME_WIDGETS."""
    return check_parts("HOME_WIDGETS", home_widgets)
