"""Import of customers: new and changed ones, parents, and permissions.

The division administrator imports, who sees the customers of Gansu but not those of Changsha.
``row_counts`` are the numbers of created, changed, unchanged and rejected rows.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied

from accounts.permissions import Permission
from crm.models import Customer
from crm.services.importing import ImportResult
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.crm.importing import import_customers_csv, import_transactions_csv, rejects, row_counts
from tests.history import fixture_changes


def test_new_customers_have_the_values_of_the_file(cast: Cast) -> None:
    text = (
        "客户编码,客户名称,行业类别,客户来源,客户种类,客户阶段,客户等级,客户经理,组织机构\n"
        "N1,兰州钢铁有限公司,农业,招投标,enterprise,签约,AA,manager,GSLZ\n"
        "N2,天水学校,01,referral,企业,Developed,b,,\n"
    )
    assert row_counts(import_customers_csv(text, cast.division_admin)) == (2, 0, 0, 0)
    first, second = Customer.objects.order_by("code")
    assert (first.name, first.stage, first.owner, first.unit) == (
        "兰州钢铁有限公司",
        "signed",
        cast.manager,
        cast.lanzhou,
    )
    references = [first.industry, first.source, first.category, first.grade]
    assert [entry and entry.code for entry in references] == ["01", "tender", "enterprise", "AA"]
    assert (second.stage, second.owner, second.unit) == ("developed", None, cast.gansu)
    assert second.grade is not None
    assert (second.industry, second.grade.code) == (first.industry, "B")


def test_default_unit_and_stage_are_for_new_customers_only(cast: Cast) -> None:
    make_customer(cast.lanzhou, code="OLD", stage="signed")
    import_customers_csv("code,name\nOLD,old\nNEW,new\n", cast.division_admin, unit="GSTS")
    assert Customer.objects.get(code="NEW").unit == cast.tianshui
    old = Customer.objects.get(code="OLD")
    assert (old.unit, old.stage) == (cast.lanzhou, "signed")
    assert Customer.objects.get(code="NEW").stage == "potential"


def test_empty_cells_and_missing_columns_leave_fields_unchanged(cast: Cast) -> None:
    make_customer(cast.lanzhou, code="A", name="甲公司", owner=cast.manager)
    result = import_customers_csv("code,name,owner,grade\nA,,,C\n", cast.division_admin)
    assert row_counts(result) == (0, 1, 0, 0)
    customer = Customer.objects.get(code="A")
    assert customer.grade is not None
    assert (customer.name, customer.owner, customer.grade.code) == ("甲公司", cast.manager, "C")


def test_only_changed_customers_get_a_new_version_and_history(cast: Cast) -> None:
    make_customer(cast.lanzhou, code="A", name="same")
    make_customer(cast.lanzhou, code="B", name="before")
    events = apps.get_model("crm", "CustomerEvent").objects.filter(pgh_label="update")
    result = import_customers_csv("code,name\nA,same\nB,after\n", cast.division_admin)
    assert row_counts(result) == (0, 1, 1, 0)
    assert dict(Customer.objects.values_list("code", "version")) == {"A": 1, "B": 2}
    event = events.get()
    assert (event.code, event.name) == ("B", "after")
    context = event.pgh_context.metadata
    assert (context["actor"], context["action"]) == (cast.division_admin.pk, "customer.import")
    assert context["channel"] == "command"


def test_importing_a_file_again_changes_nothing(cast: Cast) -> None:
    text = "code,name,parent\nA,a,B\nB,b,\n"
    import_customers_csv(text, cast.division_admin)
    before = list(Customer.objects.order_by("pk").values())
    assert row_counts(import_customers_csv(text, cast.division_admin)) == (0, 0, 2, 0)
    assert list(Customer.objects.order_by("pk").values()) == before


def test_parents_may_be_later_rows_or_existing_customers(cast: Cast) -> None:
    make_customer(cast.lanzhou, code="TOP")
    text = "code,name,parent\nC,c,B\nB,b,A\nA,a,TOP\n"
    assert row_counts(import_customers_csv(text, cast.division_admin)) == (3, 0, 0, 0)
    parents = dict(Customer.objects.values_list("code", "parent__code"))
    assert parents == {"C": "B", "B": "A", "A": "TOP", "TOP": None}
    events = apps.get_model("crm", "CustomerEvent").objects.filter(code="C")
    assert [event.pgh_label for event in events] == ["insert"]


def test_cycles_are_rejected_but_not_a_row_below_an_existing_customer_of_one(cast: Cast) -> None:
    make_customer(cast.lanzhou, code="A")
    make_customer(cast.lanzhou, code="B")
    text = "code,name,parent\nA,,B\nB,,A\nC,c,A\nS,s,S\n"
    result = import_customers_csv(text, cast.division_admin)
    assert rejects(result) == [
        (2, "parent", "circular"),
        (3, "parent", "circular"),
        (5, "parent", "circular"),
    ]
    assert Customer.objects.get(code="C").parent == Customer.objects.get(code="A")


def test_cycle_through_an_existing_customer_is_rejected(cast: Cast) -> None:
    top = make_customer(cast.lanzhou, code="TOP")
    make_customer(cast.lanzhou, code="SUB", parent=top)
    result = import_customers_csv("code,parent,name\nTOP,SUB,\nOK,TOP,ok\n", cast.division_admin)
    assert rejects(result) == [(2, "parent", "circular")]


def test_parent_and_subsidiary_may_swap_places(cast: Cast) -> None:
    top = make_customer(cast.lanzhou, code="TOP")
    upper = make_customer(cast.lanzhou, code="UP", parent=top)
    make_customer(cast.lanzhou, code="LOW", parent=upper)
    text = "code,parent\nUP,LOW\nLOW,TOP\n"
    assert row_counts(import_customers_csv(text, cast.division_admin)) == (0, 2, 0, 0)
    parents = dict(Customer.objects.values_list("code", "parent__code"))
    assert parents == {"TOP": None, "UP": "LOW", "LOW": "TOP"}


def test_rows_below_a_rejected_new_parent_are_rejected_too(cast: Cast) -> None:
    text = "code,name,parent,grade\nC,c,B,\nB,b,A,\nA,a,,ZZZ\nD,d,,\n"
    result = import_customers_csv(text, cast.division_admin)
    assert rejects(result) == [
        (2, "parent", "not_yours"),
        (3, "parent", "not_yours"),
        (4, "grade", "not_in_list"),
    ]
    assert list(Customer.objects.values_list("code", flat=True)) == ["D"]


def test_chain_of_too_many_parents_is_rejected_at_its_end(cast: Cast) -> None:
    rows = "".join(f"L{level},x,{f'L{level - 1}' if level else ''}\n" for level in range(60))
    result = import_customers_csv("code,name,parent\n" + rows, cast.division_admin)
    assert 0 < result.rows_rejected < 15
    assert {reject.code for reject in result.first_rejects} == {"circular"}


def test_code_of_another_division_is_rejected_without_details(cast: Cast) -> None:
    make_customer(cast.changsha, code="HUNAN", name="秘密公司", owner=cast.stranger)
    text = "code,name,parent\nHUNAN,mine now,\nA,a,HUNAN\nB,b,\n"
    result = import_customers_csv(text, cast.division_admin)
    assert rejects(result) == [(2, "code", "exists_elsewhere"), (3, "parent", "not_yours")]
    assert "exists elsewhere; ask head office" in result.first_rejects[0].reason
    assert "秘密" not in str(result)
    assert Customer.objects.get(code="HUNAN").name == "秘密公司"


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (",x,,,", "code", "missing"),
        ("N1,,,,", "name", "missing"),
        ("=1+1,x,,,", "code", "bad_code"),
        (f"N1,{'x' * 201},,,", "name", "too_long"),
        ("N1,x,Magic,,", "industry", "not_in_list"),
        ("N1,x,,stranger,", "owner", "not_yours"),
        ("N1,x,,nobody,", "owner", "not_yours"),
        ("N1,x,,,HNCS", "unit", "not_yours"),
        ("N1,x,,,NOSUCH", "unit", "not_yours"),
        ("OK,other,,,", "code", "twice_in_file"),
    ],
)
def test_invalid_row_is_rejected_with_line_column_and_reason(
    cast: Cast, row: str, column: str, code: str
) -> None:
    text = f"code,name,industry,owner,unit\nOK,ok,,,\n{row}\n"
    result = import_customers_csv(text, cast.division_admin)
    assert rejects(result) == [(3, column, code)]
    assert list(Customer.objects.values_list("code", flat=True)) == ["OK"]


def test_inactive_user_cannot_become_owner(cast: Cast) -> None:
    cast.colleague.is_active = False
    with fixture_changes():
        cast.colleague.save()
    text = "code,name,owner\nA,a,colleague\nB,b,\n"
    assert rejects(import_customers_csv(text, cast.division_admin)) == [(2, "owner", "not_yours")]


def test_setting_another_owner_or_unit_needs_the_permission_to_reassign(cast: Cast) -> None:
    role = cast.division_admin.role
    role.permissions = [
        permission for permission in role.permissions if permission != Permission.CUSTOMER_REASSIGN
    ]
    with fixture_changes():
        role.save()
    make_customer(cast.lanzhou, code="A", name="a", owner=cast.manager)
    text = (
        "code,name,owner,unit\nA,a2,colleague,\nB,b,,GSTS\nC,c,,\nA2,x,divadmin,GS\nD,d,manager,\n"
    )
    result = import_customers_csv(text, cast.division_admin)
    assert rejects(result) == [
        (2, "owner", "may_not_place"),
        (3, "owner", "may_not_place"),
        (6, "owner", "may_not_place"),
    ]
    assert Customer.objects.get(code="A").owner == cast.manager
    unchanged_owner = import_customers_csv("code,name,owner\nA,a2,manager\n", cast.division_admin)
    assert row_counts(unchanged_owner) == (0, 1, 0, 0)


@pytest.mark.parametrize("import_csv", [import_customers_csv, import_transactions_csv])
def test_option_of_another_unit_needs_the_permission_to_reassign(
    cast: Cast, import_csv: Callable[..., ImportResult]
) -> None:
    role = cast.division_admin.role
    role.permissions = [
        permission for permission in role.permissions if permission != Permission.CUSTOMER_REASSIGN
    ]
    with fixture_changes():
        role.save()
    text = "code,name,date,amount\nN1,new,1997-01-01,5\n"
    options: dict[str, Any] = {}
    if import_csv is import_transactions_csv:
        options = {"mapping": {"customer": "code"}, "create_customers": True}
    with pytest.raises(PermissionDenied):
        import_csv(text, cast.division_admin, unit="GSTS", **options)
    assert not Customer.objects.exists()
    import_csv(text, cast.division_admin, unit="GS", **options)
    assert Customer.objects.get().unit == cast.gansu


def test_repeated_row_counts_once(cast: Cast) -> None:
    assert row_counts(import_customers_csv("code,name\nA,a\nA,a\n", cast.division_admin)) == (
        1,
        0,
        1,
        0,
    )


def test_dry_run_stores_nothing(cast: Cast) -> None:
    result = import_customers_csv("code,name\nA,a\n", cast.division_admin, dry_run=True)
    assert row_counts(result) == (1, 0, 0, 0)
    assert not Customer.objects.exists()


def test_import_needs_the_permission(cast: Cast) -> None:
    for actor in (cast.head, cast.manager, cast.executive, cast.auditor):
        with pytest.raises(PermissionDenied):
            import_customers_csv("code,name\nA,a\n", actor)
