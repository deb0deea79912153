"""System checks: what the settings name can be loaded, and slugs are unique."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error

from core.composition import check_parts, home_widgets
from core.events.registry import consumers, event_types
from core.notices.registry import notice_kinds


def check_composition(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> Sequence[CheckMessage]:
    """Report wrong paths and duplicate slugs in settings.HOME_WIDGETS."""
    return check_parts("HOME_WIDGETS", home_widgets)


def check_events(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Sequence[CheckMessage]:
    """Report wrong paths of events and notices, and types of a consumer that are not declared."""
    try:
        notice_kinds()
        declared = event_types()
        return [
            Error(f"the consumer {consumer.name} handles an unknown {each.name}", id="core.E003")
            for consumer in consumers().values()
            for each in consumer.types
            if declared.get(each.name) is not each
        ]
    except (ImportError, TypeError) as error:
        return [Error(f"events and notices: {error}", id="core.E004")]
