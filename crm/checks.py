"""System checks: the composition lists in settings name real parts, each slug once."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error

from crm.composition import (
    CustomerListPart,
    Part,
    customer_list_parts,
    customer_panels,
    home_widgets,
)


def check_composition(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> Sequence[CheckMessage]:
    """Refuse bad paths and duplicate slugs in the composition lists."""
    return [
        *_problems("CUSTOMER_PANELS", customer_panels),
        *_problems("HOME_WIDGETS", home_widgets),
        *_problems("CUSTOMER_LIST_PARTS", customer_list_parts),
    ]


def _problems(
    setting: str, load: Callable[[], Sequence[Part | CustomerListPart]]
) -> list[CheckMessage]:
    try:
        slugs = Counter(part.slug for part in load())
    except (ImportError, TypeError) as error:
        return [Error(f"{setting}: {error}", id="crm.E001")]
    return [
        Error(f"{setting}: two parts share the slug {slug!r}", id="crm.E002")
        for slug, times in slugs.items()
        if times > 1
    ]
