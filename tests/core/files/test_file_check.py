"""The nightly check: files without a row are removed, rows without a file are reported."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as project_settings
from django.utils import timezone
from pytest_django import Settings

from core import tasks
from core.files.storage import FOLDERS
from core.models import Attachment
from core.services import file_check
from core.services.file_check import check_stored_files
from crm.models import Customer
from tests.cast import Cast
from tests.core.files.factories import make_attachment
from tests.crm.factories import make_customer
from tests.history import fixture_changes

AddStray = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """A storage of the test's own."""
    attachments = settings.STORAGES["attachments"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"attachments": attachments}
    return tmp_path


@pytest.fixture
def customer(cast: Cast, folder: Path) -> Customer:
    return make_customer(cast.lanzhou, owner=cast.manager)


def _add_stray(folder: Path, *, hours_old: float, name: str = "") -> Path:
    identifier = uuid4().hex
    path = folder / (name or f"{identifier[:2]}/{identifier}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"stray")
    moment = (timezone.now() - timedelta(hours=hours_old)).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_stray_file_is_removed_after_a_day(cast: Cast, customer: Customer, folder: Path) -> None:
    kept = make_attachment(customer, actor=cast.manager)
    os.utime(folder / kept.stored_name, (0, 0))
    old, young = _add_stray(folder, hours_old=25), _add_stray(folder, hours_old=23)
    check = check_stored_files()
    assert (check.files, check.strays) == (3, [str(old.relative_to(folder))])
    assert (old.exists(), young.exists()) == (False, True)
    assert (folder / kept.stored_name).exists()
    assert check_stored_files().strays == []


def test_row_without_a_file_is_reported_and_kept(
    cast: Cast, customer: Customer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lost, _kept = (make_attachment(customer, actor=cast.manager) for _ in range(2))
    (folder / lost.stored_name).unlink()
    assert check_stored_files().missing_ids == [lost.pk]
    assert f"the file of attachment {lost.pk} is missing" in caplog.text
    assert Attachment.objects.count() == 2


def test_file_that_is_removed_during_the_check_is_not_reported(
    cast: Cast, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_attachment(customer, actor=cast.manager)
    names_in = file_check._stored_names

    def remove_then_list(folder: str) -> set[str]:
        if file.stored_name.startswith(folder):
            with fixture_changes():
                Attachment.objects.all().delete()
            return set()
        return set(names_in(folder))

    monkeypatch.setattr(file_check, "_stored_names", remove_then_list)
    assert check_stored_files().missing_ids == []


def test_files_of_an_erased_record_are_removed(
    cast: Cast, customer: Customer, folder: Path
) -> None:
    file = make_attachment(customer, actor=cast.manager)
    os.utime(folder / file.stored_name, (0, 0))
    with fixture_changes():
        customer.delete()
    assert check_stored_files().strays == [file.stored_name]
    assert not (folder / file.stored_name).exists()


@pytest.mark.usefixtures("db")
def test_files_with_other_names_are_left_alone(folder: Path) -> None:
    names = ["notes.txt", "ab/notes.txt", "ab/" + "AB" * 16, "abc/" + "ab" * 16]
    paths = [_add_stray(folder, hours_old=100, name=name) for name in names]
    assert check_stored_files().files == 0
    assert all(path.exists() for path in paths)


@pytest.mark.usefixtures("db")
def test_nothing_is_removed_when_the_folder_seems_to_belong_to_another_database(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = [_add_stray(folder, hours_old=100) for _ in range(file_check.MAX_STRAYS + 1)]
    check_stored_files()
    assert all(path.exists() for path in paths)
    assert "nothing was removed" in caplog.text
    paths.pop().unlink()
    check_stored_files()
    assert not any(path.exists() for path in paths)


def test_beat_sends_the_check_every_night(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled = [entry["task"] for entry in project_settings.CELERY_BEAT_SCHEDULE.values()]
    assert tasks.check_files.name in scheduled
    calls: list[str] = []
    monkeypatch.setattr(tasks, "check_stored_files", lambda: calls.append("check"))
    tasks.check_files()
    assert calls == ["check"]


def test_folders_are_all_those_of_stored_names() -> None:
    assert len(FOLDERS) == 256
    assert (FOLDERS[0], FOLDERS[-1]) == ("00", "ff")
