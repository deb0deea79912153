"""Import of interactions: new, changed, unchanged and rejected rows, from files and the bulk API.

The division administrator imports. They see the customers A and B of Gansu, but not HUNAN.
``row_counts`` are the numbers of created, changed, unchanged and rejected rows.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from common.files import FileRefusedError
from core.history import latest_changes
from crm.fields import INTERACTION_FIELDS
from crm.models import BillingSystem, ImportBatch, Interaction
from crm.services.interaction import delete_interaction, update_interaction
from tests.cast import Cast
from tests.common.workbooks import workbook
from tests.core.api import key_client
from tests.crm.factories import make_customer
from tests.crm.importing import import_interactions_csv, rejects, row_counts
from tests.crm.test_custom_fields import make_custom_field
from tests.history import fixture_changes

HEADER = "customer,channel,occurred_at,content\n"
CHINESE = "流水号,客户编码,渠道,方向,业务阶段,时间,时长,工号,沟通内容,结果,下一步,下一步日期\n"


@pytest.fixture(autouse=True)
def _customers(cast: Cast) -> None:
    make_customer(cast.lanzhou, code="A", stage="prospective")
    make_customer(cast.tianshui, code="B")
    make_customer(cast.changsha, code="HUNAN")


def test_chinese_file_is_stored_with_all_its_values(cast: Cast) -> None:
    row = "C1,A,拜访,来访,售后,2026/3/5 9:05,30,manager,谈了续约,同意,寄合同,2026年3月9日\n"
    result = import_interactions_csv(CHINESE + row, cast.division_admin)
    assert row_counts(result) == (1, 0, 0, 0)
    stored = Interaction.objects.select_related("customer", "user", "source_system").get()
    assert (stored.customer.code, stored.user, stored.channel) == ("A", cast.manager, "visit")
    assert (stored.direction, stored.phase, stored.duration_minutes) == (
        "inbound",
        "after_sale",
        30,
    )
    assert f"{timezone.localtime(stored.occurred_at):%Y-%m-%d %H:%M}" == "2026-03-05 09:05"
    assert (stored.content, stored.outcome, stored.next_step) == ("谈了续约", "同意", "寄合同")
    assert str(stored.next_step_on) == "2026-03-09"
    assert (stored.external_id, str(stored.source_system.code)) == ("C1", "file")  # type: ignore[union-attr]
    batch = ImportBatch.objects.get()
    (change,) = latest_changes(cast.head, stored, limit=5, fields=INTERACTION_FIELDS)
    assert (change.batch_id, str(change.action)) == (batch.pk, "Import interactions")


def test_missing_values_get_their_defaults(cast: Cast) -> None:
    import_interactions_csv(HEADER + "A,phone,2026-03-05 10:00,Hi\n", cast.division_admin)
    stored = Interaction.objects.get()
    assert (stored.direction, stored.phase) == ("outbound", "in_sale")  # A is prospective
    assert (stored.user, stored.duration_minutes, stored.next_step) == (
        cast.division_admin,
        None,
        "",
    )


def test_file_sent_again_changes_nothing(cast: Cast) -> None:
    text = HEADER + "A,phone,2026-03-05,Hi\nA,phone,2026-03-05,Hi\nB,sms,2026-03-06,Hello\n"
    assert row_counts(import_interactions_csv(text, cast.division_admin)) == (3, 0, 0, 0)
    assert row_counts(import_interactions_csv(text, cast.division_admin)) == (0, 0, 3, 0)
    assert set(Interaction.objects.values_list("version", flat=True)) == {1}


def test_corrected_row_changes_its_interaction_and_empty_cells_leave_it(cast: Cast) -> None:
    header = "external_id,customer,channel,occurred_at,content,outcome,minutes\n"
    import_interactions_csv(header + "C1,A,phone,2026-03-05,Hi,Good,5\n", cast.division_admin)
    corrected = header + "C1,B,visit,2026-03-05,Hi,,\n"
    result = import_interactions_csv(corrected, cast.division_admin)
    assert row_counts(result) == (0, 1, 0, 0)
    stored = Interaction.objects.get()
    assert (stored.customer.code, stored.channel, stored.version) == ("B", "visit", 2)
    assert (stored.outcome, stored.duration_minutes) == ("Good", 5)


def test_ids_of_two_systems_are_different_interactions(cast: Cast) -> None:
    with fixture_changes():
        BillingSystem.objects.create(code="calls", name_zh="呼叫中心", name_en="Call centre")
    text = "id,customer,channel,occurred_at,content\nC1,A,phone,2026-03-05,Hi\n"
    for system in ("file", "calls", "calls"):
        import_interactions_csv(text, cast.division_admin, system=system)
    assert Interaction.objects.count() == 2


def test_invalid_rows_are_rejected_with_column_and_reason(cast: Cast) -> None:
    tomorrow = (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    header = "customer,channel,occurred_at,content,minutes,next_step,next_step_on,user,id\n"
    rows = [
        ",phone,2026-03-05,Hi,,,,,",
        "HUNAN,phone,2026-03-05,Hi,,,,,",
        "NOBODY,phone,2026-03-05,Hi,,,,,",
        "A,fax,2026-03-05,Hi,,,,,",
        "A,phone,2026-02-30,Hi,,,,,",
        f"A,phone,{tomorrow},Hi,,,,,",
        "A,phone,2026-03-05,  ,,,,,",
        "A,phone,2026-03-05,Hi,-5,,,,",
        "A,phone,2026-03-05,Hi,,Call,,,",
        "A,phone,2026-03-05,Hi,,,2026-03-06,,",
        "A,phone,2026-03-05,Hi,,,,stranger,",
        "A,phone,2026-03-05,Hi,,,,,#aaaaaaaaaaaaaaaaaaaa/1",
        "A,phone,2026-03-05,Hi,,,,,C1",
        "A,phone,2026-03-05,Else,,,,,C1",
    ]
    result = import_interactions_csv(header + "\n".join(rows), cast.division_admin)
    assert rejects(result) == [
        (2, "customer", "missing"),
        (3, "customer", "unknown_customer"),
        (4, "customer", "unknown_customer"),
        (5, "channel", "not_in_list"),
        (6, "occurred_at", "no_such_date"),
        (7, "occurred_at", "in_future"),
        (8, "content", "missing"),
        (9, "minutes", "out_of_range"),
        (10, "next_step_on", "step_without_date"),
        (11, "next_step", "step_without_date"),
        (12, "user", "not_yours"),
        (13, "id", "reserved_id"),
        (15, "id", "twice_in_file"),
    ]
    assert Interaction.objects.count() == 1


def test_interaction_of_a_hidden_customer_is_not_taken_over(cast: Cast) -> None:
    text = "id,customer,channel,occurred_at,content\nC1,HUNAN,phone,2026-03-05,Hi\n"
    import_interactions_csv(text, _importer(cast.other_head))
    result = import_interactions_csv(text.replace("HUNAN", "A"), cast.division_admin)
    assert rejects(result) == [(2, "id", "exists_elsewhere")]
    assert Interaction.objects.get().customer.code == "HUNAN"


def test_import_keeps_what_was_changed_by_hand_in_other_fields(cast: Cast) -> None:
    text = "id,customer,channel,occurred_at,content\nC1,A,phone,2026-03-05,Hi\n"
    import_interactions_csv(text, cast.division_admin)
    pk = Interaction.objects.get().pk
    update_interaction(interaction_id=pk, actor=cast.head, outcome="Agreed")
    assert row_counts(import_interactions_csv(text, cast.division_admin)) == (0, 0, 1, 0)
    delete_interaction(interaction_id=pk, actor=cast.head)
    assert row_counts(import_interactions_csv(text, cast.division_admin)) == (1, 0, 0, 0)


def test_custom_fields_are_imported_and_a_required_one_is_asked_for(cast: Cast) -> None:
    make_custom_field(cast, "mood", "text", record_type="interaction", required=True)
    text = "id,customer,channel,occurred_at,content,mood\nC1,A,phone,2026-03-05,Hi,happy\n"
    import_interactions_csv(text + "C2,A,phone,2026-03-05,Hi,\n", cast.division_admin)
    assert Interaction.objects.get().custom_values == {"mood": "happy"}


def test_permission_columns_and_system_are_required(cast: Cast) -> None:
    row = HEADER + "A,phone,2026-03-05,Hi\n"
    with pytest.raises(PermissionDenied):
        import_interactions_csv(row, cast.head)
    with pytest.raises(ValidationError, match="no billing system"):
        import_interactions_csv(row, cast.division_admin, system="nothing")
    with pytest.raises(FileRefusedError, match="No column found for: content"):
        import_interactions_csv("customer,channel,when\nA,phone,2026-03-05\n", cast.division_admin)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_command_reads_files_of_both_encodings_and_writes_rejects(
    cast: Cast, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "interactions.csv"
    rows = "C1,A,电话,主动联系,售前,2026-03-05 9:00,,,谈了报价,,,\nC2,A,传真,,,2026-03-05,,,x,,,\n"
    path.write_text(CHINESE + rows, encoding=encoding)
    call_command("import_interactions", str(path), "--as", "divadmin")
    assert Interaction.objects.get().content == "谈了报价"
    assert "C2" in (tmp_path / "interactions.rejects.csv").read_text(encoding="utf-8-sig")


def test_workbook_with_times_is_imported(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "interactions.xlsx"
    at = datetime(2026, 3, 5, 9, 30)  # noqa: DTZ001 (a workbook has no time zones)
    table: list[list[object]] = [
        ["客户编码", "渠道", "时间", "沟通内容"],
        ["A", "微信", at, "谈了报价"],
    ]
    path.write_bytes(workbook(table).getvalue())
    call_command("import_interactions", str(path), "--as", "divadmin")
    stored = Interaction.objects.get()
    assert f"{timezone.localtime(stored.occurred_at):%H:%M}" == "09:30"


def test_bulk_api_is_idempotent_and_returns_rejects(cast: Cast) -> None:
    row = {
        "external_id": "C1", "customer": "A", "channel": "phone", "content": "Hi",
        "occurred_at": "2026-03-05T09:00:00+08:00", "duration_minutes": 5,
    }  # fmt: skip
    body = "\n".join(
        json.dumps(each) for each in (row, row | {"external_id": "C2", "channel": "x"})
    )
    client, url = key_client(cast.division_admin), "/api/v1/interactions/bulk/?system=file"
    first = client.post(url, body, content_type="application/x-ndjson").json()
    assert (first["rows_created"], first["rows_rejected"]) == (1, 1)
    assert [(each["line"], each["code"]) for each in first["rejects"]] == [(2, "not_in_list")]
    again = client.post(url, body, content_type="application/x-ndjson").json()
    assert (again["rows_created"], again["rows_unchanged"]) == (0, 1)


def _importer(user: User) -> User:
    """Give the role of a user the permission to import interactions."""
    with fixture_changes():
        user.role.permissions = [*user.role.permissions, Permission.INTERACTION_IMPORT]
        user.role.save()
    return user
