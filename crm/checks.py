"""System checks of this app's composition lists in settings."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage

from core.composition import check_parts
from crm.composition import customer_list_parts, customer_panels


def check_composition(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> Sequence[CheckMessage]:
    """Return an error for each path that cannot be loaded and for each duplicate slug."""
    return [
        *check_parts("CUSTOMER_PANELS", customer_panels),
        *check_parts("CUSTOMER_LIST_PARTS", customer_list_parts),
    ]
