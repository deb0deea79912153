"""System checks: the composition lists in settings name real parts, each slug once."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage

from core.composition import check_parts, home_widgets


def check_composition(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> Sequence[CheckMessage]:
    """Refuse bad paths and duplicate slugs in the list of home page widgets."""
    return check_parts("HOME_WIDGETS", home_widgets)
