"""Adding and removing files: row and stored file stay together, and history says what happened."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, InternalError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from core.files.records import attachment_records
from core.files.storage import file_storage, open_stored_file
from core.history import latest_changes
from core.models import Attachment
from core.selectors import attachments_of
from core.services import attachment as service
from core.services.attachment import add_attachment, remove_attachment
from crm.fields import CUSTOMER_FIELDS
from crm.files import CUSTOMER_FILES
from crm.models import Customer
from satisfaction.files import COMPLAINT_FILES
from tests.cast import Cast
from tests.core.files.factories import HTML, PDF, PNG, make_attachment
from tests.crm.factories import make_customer
from tests.history import fixture_changes
from tests.satisfaction.factories import make_complaint


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, owner=cast.manager)


@pytest.fixture(autouse=True)
def stored(tmp_path: Path, settings: Settings) -> Path:
    """Give the test a storage of its own; return its folder."""
    attachments = settings.STORAGES["attachments"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"attachments": attachments}
    return tmp_path


def _files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_added_file_is_stored_under_a_name_of_its_own_with_its_hash(
    cast: Cast, customer: Customer, stored: Path
) -> None:
    added = make_attachment(customer, actor=cast.manager, name="../框架合同.png", content=PDF)
    assert (added.name, added.kind, added.size) == ("框架合同.png", "pdf", len(PDF))
    assert added.sha256 == sha256(PDF).hexdigest()
    assert added.added_by == cast.manager
    assert _files_in(stored) == [added.stored_name]
    with open_stored_file(added.stored_name) as file:
        assert file.read() == PDF


def test_large_file_is_read_in_parts(cast: Cast, customer: Customer) -> None:
    content = PNG + b"\0" * 3_000_000
    added = make_attachment(customer, actor=cast.manager, content=content)
    assert (added.size, added.kind) == (len(content), "png")
    assert added.sha256 == sha256(content).hexdigest()


def test_file_that_is_too_large_is_refused_and_leaves_nothing(
    cast: Cast, customer: Customer, stored: Path, settings: Settings
) -> None:
    settings.FILE_MAX_BYTES = 200_000
    make_attachment(customer, actor=cast.manager, content=b"a" * 200_000)
    with pytest.raises(ValidationError, match="too large: at most 195"):
        make_attachment(customer, actor=cast.manager, content=b"a" * 200_001)
    assert len(_files_in(stored)) == Attachment.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b""),
        ("报价.pdf", b"MZ\x90\x00\x03"),
        ("run.bat", b"dir"),
        ("run.BAT. ", b"dir"),
    ],
)
def test_empty_file_or_program_is_refused_and_leaves_nothing(
    cast: Cast, customer: Customer, stored: Path, name: str, content: bytes
) -> None:
    with pytest.raises(ValidationError, match="program" if content else "empty") as refused:
        make_attachment(customer, actor=cast.manager, name=name, content=content)
    assert list(refused.value.message_dict) == ["file"]
    assert _files_in(stored) == []


def test_one_file_too_many_is_refused(
    cast: Cast, customer: Customer, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_FILES", 1)
    make_attachment(customer, actor=cast.manager)
    with pytest.raises(ValidationError, match="1 files here already"):
        make_attachment(customer, actor=cast.manager)
    assert len(_files_in(stored)) == 1


def test_only_who_may_edit_the_record_adds_and_removes(
    cast: Cast, customer: Customer, stored: Path
) -> None:
    added = make_attachment(customer, actor=cast.manager)
    for actor, error in (
        (cast.agent, PermissionDenied),
        (cast.auditor, PermissionDenied),
        (cast.stranger, Customer.DoesNotExist),
        (cast.colleague, Customer.DoesNotExist),
    ):
        with pytest.raises(error):
            make_attachment(customer, actor=actor)
        with pytest.raises(error):
            remove_attachment(
                records=CUSTOMER_FILES, record_id=customer.pk, attachment_id=added.pk, actor=actor
            )
    assert len(_files_in(stored)) == Attachment.objects.count() == 1


def test_agent_adds_files_to_complaints_though_not_to_customers(
    cast: Cast, customer: Customer
) -> None:
    complaint = make_complaint(customer, actor=cast.agent)
    assert make_attachment(complaint, actor=cast.agent).record_type == COMPLAINT_FILES.name


def test_file_is_removed_only_after_the_commit(
    cast: Cast,
    customer: Customer,
    stored: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    added = make_attachment(customer, actor=cast.manager)
    with django_capture_on_commit_callbacks(execute=True):
        remove_attachment(
            records=CUSTOMER_FILES, record_id=customer.pk, attachment_id=added.pk,
            actor=cast.manager,
        )  # fmt: skip
        assert not Attachment.objects.exists()
        assert _files_in(stored) == [added.stored_name]
    assert _files_in(stored) == []


def test_file_of_another_record_is_not_removed(cast: Cast, customer: Customer) -> None:
    added = make_attachment(make_customer(cast.lanzhou, owner=cast.manager), actor=cast.manager)
    with pytest.raises(Attachment.DoesNotExist):
        remove_attachment(
            records=CUSTOMER_FILES, record_id=customer.pk, attachment_id=added.pk,
            actor=cast.manager,
        )  # fmt: skip
    # The complaint with the number of the customer is another record, too.
    with pytest.raises(COMPLAINT_FILES.model.DoesNotExist):
        remove_attachment(
            records=COMPLAINT_FILES, record_id=added.record_id, attachment_id=added.pk,
            actor=cast.manager,
        )  # fmt: skip


def test_failed_addition_leaves_no_file(
    cast: Cast, customer: Customer, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_values: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Attachment.objects, "create", fail)
    with pytest.raises(RuntimeError):
        make_attachment(customer, actor=cast.manager)
    assert _files_in(stored) == []
    assert not Attachment.objects.exists()


def test_upload_that_breaks_off_leaves_no_file(
    cast: Cast, customer: Customer, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_part_then_fail(_size: int | None) -> Iterator[bytes]:
        yield PDF
        raise ConnectionError

    content = ContentFile(PDF)
    monkeypatch.setattr(content, "chunks", first_part_then_fail)
    with pytest.raises(ConnectionError):
        add_attachment(
            records=CUSTOMER_FILES, record_id=customer.pk, name="a.pdf", content=content,
            actor=cast.manager,
        )  # fmt: skip
    assert _files_in(stored) == []


def test_file_of_a_record_is_visible_with_the_record(cast: Cast, customer: Customer) -> None:
    complaint = make_complaint(customer, actor=cast.agent)
    names = {
        make_attachment(record, actor=cast.manager, name=name).name
        for record, name in ((customer, "1"), (complaint, "2"))
    }
    visible = {
        user: {file.name for file in Attachment.objects.visible_to(getattr(cast, user))}
        for user in ("manager", "head", "agent", "executive", "colleague", "stranger", "other_head")
    }
    none: set[str] = set()
    assert visible == {
        "manager": names, "head": names, "agent": names, "executive": names,
        "colleague": none, "stranger": none, "other_head": none,
    }  # fmt: skip
    assert not attachments_of(cast.stranger, CUSTOMER_FILES, customer.pk).exists()


def test_history_of_the_record_says_which_files_came_and_went(
    cast: Cast, customer: Customer
) -> None:
    added = make_attachment(customer, actor=cast.manager, name="框架合同.pdf")
    remove_attachment(
        records=CUSTOMER_FILES, record_id=customer.pk, attachment_id=added.pk, actor=cast.head
    )
    changes = latest_changes(cast.head, customer, limit=2, fields=CUSTOMER_FIELDS)
    text = f"框架合同.pdf (PDF document, 89\xa0bytes, SHA-256 {sha256(PDF).hexdigest()[:12]}…)"
    assert [
        (change.user_name, str(change.action), change.fields[0].before, change.fields[0].after)
        for change in changes
    ] == [("Hana Head", "Remove file", text, ""), ("Mia Manager", "Add file", "", text)]
    assert [str(change.summary) for change in changes] == ["removed a file", "added a file"]


def test_rows_of_the_files_go_with_the_record(cast: Cast, customer: Customer) -> None:
    other = make_attachment(make_customer(cast.lanzhou), actor=cast.head)
    make_attachment(customer, actor=cast.manager)
    with fixture_changes():
        Customer.objects.filter(pk=customer.pk).delete()
    assert list(Attachment.objects.values_list("pk", flat=True)) == [other.pk]


@pytest.mark.parametrize("record_type", sorted(attachment_records()))
def test_database_refuses_a_file_of_a_record_that_does_not_exist(
    cast: Cast, customer: Customer, record_type: str
) -> None:
    added = make_attachment(customer, actor=cast.manager)
    with (
        pytest.raises(IntegrityError, match="does not exist"),
        transaction.atomic(),
        fixture_changes(),
    ):
        Attachment.objects.filter(pk=added.pk).update(record_type=record_type, record_id=2**62)


@pytest.mark.parametrize(
    "values", [{"name": "x"}, {"sha256": "0" * 64}, {"size": 5}, {"kind": "png"}]
)
def test_database_refuses_to_change_what_was_stored(
    cast: Cast, customer: Customer, values: dict[str, object]
) -> None:
    added = make_attachment(customer, actor=cast.manager, content=HTML)
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        Attachment.objects.filter(pk=added.pk).update(**values)


def test_files_are_stored_outside_of_what_the_web_server_serves() -> None:
    assert file_storage().path("x").startswith("/")
    served = [settings.BASE_DIR / "static", settings.BASE_DIR / "node_modules"]
    folder = Path(settings.FILES_DIR)
    assert not any(folder.is_relative_to(path) for path in served)
