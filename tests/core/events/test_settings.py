"""What the settings name: types, consumers, kinds of notices, and tasks of the scheduler."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings

from config.celery import app
from core.checks import check_events
from core.events import registry
from core.notices.registry import notice_kinds
from core.tasks import consume_events, delete_old

CACHES = (registry.event_types, registry.consumers, notice_kinds)


@pytest.fixture
def changed(settings: Any) -> Iterator[Any]:
    """The settings, which a test may change."""
    for cached in CACHES:
        cached.cache_clear()
    yield settings
    for cached in CACHES:
        cached.cache_clear()


def test_settings_of_the_product_pass_the_check() -> None:
    assert check_events(None) == []


def test_consumer_of_a_type_that_is_not_declared_is_reported(changed: Any) -> None:
    changed.EVENT_TYPES = ["crm.events.CUSTOMER_EVENTS"]
    changed.EVENT_CONSUMERS = ["crm.notices.ASSIGNMENT_CONSUMER", "crm.notices.IMPORT_CONSUMER"]
    (error,) = check_events(None)
    assert error.id == "core.E003"
    assert "crm.imports" in error.msg
    assert "import.finished" in error.msg


@pytest.mark.parametrize("name", ["EVENT_TYPES", "EVENT_CONSUMERS", "NOTICE_KINDS"])
@pytest.mark.parametrize("path", ["crm.events.NOTHING", "crm.models.Customer"])
def test_wrong_path_is_reported(changed: Any, name: str, path: str) -> None:
    setattr(changed, name, [path])
    (error,) = check_events(None)
    assert error.id == "core.E004"


def test_every_task_of_the_scheduler_exists() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(app.tasks)
    assert {consume_events.name, delete_old.name} <= scheduled


def test_tasks_have_nothing_to_do_in_a_new_installation(db: None) -> None:
    consume_events()
    delete_old()
