"""Custom fields of the customer: their definition, and their values at every entry point.

The value of the custom field ``lines`` is ``custom_lines`` in services, forms and filters. Amounts
are stored in cents: 88.5 as 8850.
"""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.forms import BaseForm
from django.urls import reverse

from common.errors import RefusedError
from core.history import latest_changes
from core.models import CustomField, CustomFieldKind
from core.services.custom_field import save_custom_field
from crm.fields import CUSTOMER
from crm.models import Category, Customer
from crm.services.customer import create_customer, update_customer
from crm.services.reference import delete_reference, save_reference
from tests.cast import Cast
from tests.conftest import Login
from tests.core.api import key_client
from tests.crm.factories import make_customer
from tests.crm.importing import import_customers_csv, rejects, row_counts
from tests.history import fixture_changes

CHOICES = [
    {"code": "fixed", "zh": "固定期限", "en": "Fixed term"},
    {"code": "open", "zh": "不定期", "en": "Open-ended"},
]


def make_custom_field(cast: Cast, key: str, kind: str, **values: Any) -> CustomField:
    """Define a custom field as the system administrator does."""
    return save_custom_field(
        actor=cast.sysadmin,
        record_type=values.pop("record_type", "customer"),
        key=key,
        label_zh=values.pop("label_zh", key),
        label_en=values.pop("label_en", key.title()),
        kind=kind,
        **values,
    )


def form_data_of(form: BaseForm) -> dict[str, Any]:
    """Return the data that a browser sends when the user changes nothing in a form."""
    return {name: form[name].value() or "" for name in form.fields}


@pytest.fixture
def fields(cast: Cast) -> None:
    """Define the custom fields lines (a number), term (choice), renewal (date) and fee (amount)."""
    make_custom_field(
        cast, "lines", CustomFieldKind.NUMBER, label_zh="专线数", label_en="Lines", in_list=True
    )
    make_custom_field(cast, "term", CustomFieldKind.CHOICE, label_zh="合同类型", choices=CHOICES)
    make_custom_field(cast, "renewal", CustomFieldKind.DATE, label_zh="续约日")
    make_custom_field(cast, "fee", CustomFieldKind.MONEY, label_zh="月费")


def test_defining_a_field_needs_the_permission(cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        save_custom_field(
            actor=cast.division_admin, record_type="customer", key="x", label_zh="x", kind="text"
        )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"key": "Lines"}, "key"),
        ({"key": "1st"}, "key"),
        ({"key": "lines\n"}, "key"),
        ({"record_type": "invoice"}, "record_type"),
        ({"kind": "choice"}, "choices"),
        ({"kind": "choice", "choices": [CHOICES[0], CHOICES[0]]}, "choices"),
        ({"choices": CHOICES}, "choices"),
        ({"label_zh": ""}, "label_zh"),
    ],
)
def test_invalid_definition_is_refused_with_an_error_at_its_field(
    cast: Cast, values: dict[str, Any], field: str
) -> None:
    valid = {"record_type": "customer", "key": "lines", "label_zh": "专线数", "kind": "number"}
    with pytest.raises(ValidationError) as caught:
        save_custom_field(actor=cast.sysadmin, **(valid | values))
    assert set(caught.value.message_dict) == {field}


def test_labels_that_one_header_of_a_file_would_match_are_refused(cast: Cast) -> None:
    make_custom_field(cast, "revenue", CustomFieldKind.MONEY, label_en="Revenue")
    with pytest.raises(ValidationError) as refused:
        make_custom_field(cast, "turnover", CustomFieldKind.MONEY, label_en="Revenue (CNY)")
    assert list(refused.value.message_dict) == ["label_en"]


def test_key_is_unique_and_the_kind_cannot_be_changed(cast: Cast) -> None:
    custom_field = make_custom_field(cast, "lines", CustomFieldKind.NUMBER)
    with pytest.raises(ValidationError, match="taken"), transaction.atomic():
        make_custom_field(cast, "lines", CustomFieldKind.TEXT)
    with pytest.raises(ValidationError, match="cannot be changed"):
        save_custom_field(actor=cast.sysadmin, field_id=custom_field.pk, kind="text")


@pytest.mark.usefixtures("fields")
def test_service_stores_reads_and_empties_values(cast: Cast) -> None:
    customer = create_customer(
        actor=cast.manager, code="K1", name="华天", custom_lines="1,200", custom_fee="88.5"
    )
    assert customer.custom_values == {"lines": 1200, "fee": 8850}
    fields_by_name = {field.name: field for field in CUSTOMER.all_fields()}
    assert fields_by_name["custom_fee"].value_of(customer) == Decimal("88.50")
    unchanged = update_customer(customer_id=customer.pk, actor=cast.manager, custom_lines=1200)
    assert unchanged.version == 1
    changed = update_customer(customer_id=customer.pk, actor=cast.manager, custom_lines=None)
    assert (changed.custom_values, changed.version) == ({"fee": 8850}, 2)


@pytest.mark.usefixtures("fields")
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("custom_lines", "many", "Not a number"),
        ("custom_lines", "1" * 20, "too large or too small"),
        ("custom_lines", "0.1234567", "Too many decimals"),  # six are allowed
        ("custom_lines", True, "Not a number"),
        ("custom_term", "forever", "Not in the list"),
        ("custom_renewal", "2026-02-30", "no such day"),
        ("custom_fee", "1.234", "two decimals"),
        ("custom_fee", ["1"], "Not an amount"),
    ],
)
def test_invalid_value_is_refused_with_an_error_at_its_field(
    cast: Cast, name: str, value: object, message: str
) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        create_customer(actor=cast.manager, code="K1", name="华天", **{name: value})
    assert set(caught.value.message_dict) == {name}


def test_required_field_of_a_category_is_required_for_its_customers_only(cast: Cast) -> None:
    make_custom_field(cast, "licence", "text", required=True, categories=["enterprise"])
    enterprise = Category.objects.get(code="enterprise")
    government = Category.objects.get(code="government")
    with pytest.raises(ValidationError, match="required"), transaction.atomic():
        create_customer(actor=cast.manager, code="K1", name="华天", category=enterprise)
    with pytest.raises(ValidationError, match="do not have this field"), transaction.atomic():
        create_customer(
            actor=cast.manager, code="K1", name="华天", category=government, custom_licence="X"
        )
    created = create_customer(actor=cast.manager, code="K1", name="华天", category=government)
    with pytest.raises(ValidationError, match="required"):
        update_customer(customer_id=created.pk, actor=cast.manager, category=enterprise)


def test_sensitive_field_is_masked_for_roles_that_may_not_see_it(cast: Cast, login: Login) -> None:
    make_custom_field(cast, "margin", CustomFieldKind.NUMBER, sensitive=True)
    customer = create_customer(
        actor=cast.manager, code="K1", name="华天", custom_margin=42, owner=cast.manager
    )
    panel = reverse("customer_panel", args=[customer.pk, "basics"])
    assert "42" in login(cast.manager).get(panel).content.decode()
    masked = login(cast.agent).get(panel).content.decode()
    assert "••••" in masked
    assert ">42<" not in masked
    read = key_client(cast.agent).get(f"/api/v1/customers/{customer.pk}/").json()
    assert read["custom_fields"] == {"margin": "••••"}
    page = login(cast.agent).get(reverse("customers"), {"custom_margin": "42"})
    assert 'name="custom_margin"' not in page.content.decode()


@pytest.mark.usefixtures("fields")
def test_form_shows_an_invalid_value_again_and_saves_a_valid_one(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client, url = login(cast.manager), reverse("customer_edit", args=[customer.pk])
    form = client.get(url).context["form"]
    form_data = form_data_of(form)
    invalid = client.post(url, form_data | {"custom_lines": "many"})
    assert invalid.status_code == 422
    assert 'value="many"' in invalid.content.decode()
    saved = client.post(url, form_data | {"custom_lines": "12", "custom_term": "open"})
    assert saved.status_code == 302
    customer.refresh_from_db()
    assert customer.custom_values == {"lines": 12, "term": "open"}


@pytest.mark.usefixtures("fields")
def test_list_shows_filters_and_sorts_custom_fields(cast: Cast, login: Login) -> None:
    for code, lines in {"A": 9, "B": 10, "C": None}.items():
        create_customer(
            actor=cast.head, code=code, name=code, custom_lines=lines,
            custom_term="open" if code == "B" else None,
        )  # fmt: skip
    client = login(cast.head)

    def codes(**parameters: str) -> list[str]:
        page = client.get(reverse("customers"), parameters)
        return [customer.code for customer, _cells in page.context["list"].rows]

    assert codes(sort="custom_lines") == ["A", "B", "C"]
    assert codes(sort="-custom_lines") == ["B", "A", "C"]
    assert codes(custom_lines="10") == ["B"]
    assert codes(custom_term="open") == ["B"]
    assert codes(custom_lines="x") == ["A", "B", "C"]
    page = client.get(reverse("customers")).content.decode()
    assert "Lines" in page
    assert 'name="custom_lines__gte"' in page  # a column has its filter on the page
    assert "custom_term" not in page  # other filters are used only by URL
    assert (
        "custom_term" in client.get(reverse("customers"), {"custom_term": "open"}).content.decode()
    )


def test_limits_of_a_number_include_the_limit(cast: Cast, login: Login) -> None:
    make_custom_field(cast, "ratio", CustomFieldKind.NUMBER, in_list=True)
    make_custom_field(cast, "vip", CustomFieldKind.YES_NO, in_list=True)
    create_customer(actor=cast.head, code="A", name="A", custom_ratio="0.1", custom_vip=True)
    client = login(cast.head)
    for limit in ("custom_ratio__gte", "custom_ratio__lte"):
        shown = client.get(reverse("customers"), {limit: "0.1"}).context["list"]
        assert [row.code for row, _cells in shown.rows] == ["A"]
    shown = client.get(reverse("customers"), {"custom_vip": "true"}).context["list"]
    [control] = [each for each in shown.controls if each.key == "custom_vip"]
    assert [link.url for link in control.links] == ["/customers/", "/customers/?custom_vip=false"]


@pytest.mark.usefixtures("fields")
def test_filter_uses_the_index(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan TO off")
        cursor.execute(
            "EXPLAIN SELECT id FROM crm_customer WHERE custom_values @> '{\"lines\": 10}'"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "crm_customer_custom_values" in plan


@pytest.mark.usefixtures("fields")
def test_api_reads_changes_and_filters_custom_fields(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, code="K1", owner=cast.manager)
    client = key_client(cast.manager)
    url = f"/api/v1/customers/{customer.pk}/"

    def patch(values: dict[str, object]) -> Any:
        return client.patch(
            url, json.dumps({"custom_fields": values}), "application/json",
            headers={"If-Match": "*"},
        )  # fmt: skip

    response = patch({"lines": 12, "term": "fixed", "renewal": "2026-12-01", "fee": "9.90"})
    assert response.json()["custom_fields"] == {
        "lines": "12", "term": "fixed", "renewal": "2026-12-01", "fee": "9.90",
    }  # fmt: skip
    assert patch({"fee": None}).json()["custom_fields"].keys() == {"lines", "term", "renewal"}
    invalid = patch({"lines": "many"})
    assert (invalid.status_code, "Not a number" in invalid.content.decode()) == (400, True)
    assert patch({"unknown": 1}).status_code == 400
    codes = [
        customer["code"]
        for customer in client.get("/api/v1/customers/?custom_lines=12").json()["results"]
    ]
    assert codes == ["K1"]
    assert client.get("/api/v1/customers/?custom_lines=13").json()["results"] == []
    assert client.get("/api/v1/customers/?custom_lines=x").status_code == 400
    assert client.get("/api/v1/customers/?custom_unknown=x").status_code == 400


@pytest.mark.usefixtures("fields")
def test_import_finds_fields_by_any_header_and_an_empty_cell_changes_nothing(cast: Cast) -> None:
    text = "客户编码,客户名称,专线数,合同类型,月费\nK1,华天科技,12,不定期,100\nK2,天水学校,,,\n"
    assert row_counts(import_customers_csv(text, cast.division_admin)) == (2, 0, 0, 0)
    assert row_counts(import_customers_csv(text, cast.division_admin)) == (0, 0, 2, 0)
    again = "客户编码,lines,Fee\nK1,13,\nK2,many,1\n"
    assert row_counts(import_customers_csv(again, cast.division_admin)) == (0, 1, 0, 1)
    assert dict(Customer.objects.values_list("code", "custom_values")) == {
        "K1": {"lines": 13, "term": "open", "fee": 10000},
        "K2": {},
    }


def test_import_checks_required_fields_and_categories(cast: Cast) -> None:
    make_custom_field(cast, "licence", "text", required=True, categories=["enterprise"])
    text = (
        "客户编码,客户名称,客户种类,licence\nK1,甲,enterprise,\nK2,乙,enterprise,L-1\n"
        "K3,丙,government,\nK4,丁,government,L-2\n"
    )
    result = import_customers_csv(text, cast.division_admin)
    assert row_counts(result) == (2, 0, 0, 2)
    assert result.rejects_by_reason == {"missing": 1, "not_in_category": 1}


def test_import_that_changes_the_category_requires_the_fields_of_the_new_one(cast: Cast) -> None:
    make_custom_field(cast, "licence", "text", required=True, categories=["enterprise"])
    text = (
        "code,name,category,licence\nK1,甲,government,\nK2,乙,government,\nK3,丙,enterprise,L-3\n"
    )
    assert row_counts(import_customers_csv(text, cast.division_admin)) == (3, 0, 0, 0)
    again = "code,category,licence\nK1,enterprise,\nK2,enterprise,L-2\nK3,enterprise,\n"
    result = import_customers_csv(again, cast.division_admin)
    assert rejects(result) == [(2, "licence", "missing")]
    assert row_counts(result) == (0, 1, 1, 1)


@pytest.mark.usefixtures("fields")
def test_history_shows_values_as_text(cast: Cast) -> None:
    customer = create_customer(actor=cast.manager, code="K1", name="华天", custom_term="fixed")
    update_customer(customer_id=customer.pk, actor=cast.manager, custom_term="open", custom_lines=3)
    change, _created = latest_changes(cast.manager, customer, limit=2, fields=CUSTOMER.all_fields())
    texts = {str(field.label): (field.before, field.after) for field in change.fields}
    assert texts == {"Term": ("Fixed term", "Open-ended"), "Lines": ("", "3")}


@pytest.mark.usefixtures("fields")
def test_administration_changes_custom_fields(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client, url = login(cast.division_admin), f"/admin/crm/customer/{customer.pk}/change/"
    form = client.get(url).context["adminform"].form
    form_data = form_data_of(form)
    assert client.post(url, form_data | {"custom_lines": "7"}).status_code == 302
    customer.refresh_from_db()
    assert customer.custom_values == {"lines": 7}


def test_database_accepts_only_an_object_as_custom_values(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou)
    with (
        pytest.raises(IntegrityError, match="crm_customer_custom_values_object"),
        transaction.atomic(),
        fixture_changes(),
    ):
        Customer.objects.filter(pk=customer.pk).update(custom_values=[1])


def test_form_names_the_categories_a_field_is_limited_to(cast: Cast, login: Login) -> None:
    make_custom_field(cast, "licence", "text", required=True, categories=["enterprise"])
    page = login(cast.manager).get(reverse("customer_new")).content.decode()
    assert f'data-only-for="{Category.objects.get(code="enterprise").pk}"' in page
    refused = login(cast.manager).post(
        reverse("customer_new"),
        {
            "code": "K1", "name": "华天", "stage": "potential",
            "category": Category.objects.get(code="enterprise").pk,
        },
    )  # fmt: skip
    assert set(refused.context["form"].errors) == {"custom_licence"}


def test_saving_an_unchanged_form_keeps_a_choice_that_the_list_no_longer_has(
    cast: Cast, login: Login
) -> None:
    custom_field = make_custom_field(
        cast, "term", CustomFieldKind.CHOICE, choices=CHOICES, required=True
    )
    customer = create_customer(actor=cast.manager, code="K1", name="华天", custom_term="open")
    save_custom_field(actor=cast.sysadmin, field_id=custom_field.pk, choices=CHOICES[:1])
    client, url = login(cast.manager), reverse("customer_edit", args=[customer.pk])
    form = client.get(url).context["form"]
    form_data = form_data_of(form)
    assert client.post(url, form_data | {"name": "新名"}).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.custom_values) == ("新名", {"term": "open"})


def test_required_choice_without_a_value_starts_with_an_empty_option(
    cast: Cast, login: Login
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    make_custom_field(cast, "term", CustomFieldKind.CHOICE, choices=CHOICES, required=True)
    form = login(cast.manager).get(reverse("customer_edit", args=[customer.pk])).context["form"]
    assert form.fields["custom_term"].choices[0] == ("", "–")


def test_field_missing_from_the_submitted_form_stays(cast: Cast, login: Login) -> None:
    custom_field = make_custom_field(cast, "lines", CustomFieldKind.NUMBER)
    customer = create_customer(actor=cast.manager, code="K1", name="华天", custom_lines=5)
    save_custom_field(actor=cast.sysadmin, field_id=custom_field.pk, is_active=False)
    client, url = login(cast.manager), reverse("customer_edit", args=[customer.pk])
    form = client.get(url).context["form"]
    form_data = form_data_of(form)
    save_custom_field(actor=cast.sysadmin, field_id=custom_field.pk, is_active=True)
    assert client.post(url, form_data | {"name": "新名"}).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.custom_values) == ("新名", {"lines": 5})


def test_help_text_is_escaped_on_the_page(cast: Cast, login: Login) -> None:
    make_custom_field(cast, "note", "text", help_zh="<b hx-post='/x'>", help_en="<b hx-post='/x'>")
    page = login(cast.manager).get(reverse("customer_new")).content.decode()
    assert "<b hx-post" not in page
    assert "&lt;b hx-post" in page


def test_list_can_be_sorted_by_a_very_large_amount(cast: Cast, login: Login) -> None:
    make_custom_field(cast, "fee", CustomFieldKind.MONEY, in_list=True)
    create_customer(actor=cast.manager, code="K1", name="华天", custom_fee="900000000000000")
    page = login(cast.manager).get(reverse("customers"), {"sort": "-custom_fee"})
    assert page.status_code == 200


@pytest.mark.usefixtures("fields")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("custom_lines", "1" * 1_000_001),
        ("custom_renewal", f"2026-01-01{' ' * 100_000}x"),
        ("custom_note", "\ud800"),
        ("custom_note", "\0"),
    ],
)
def test_huge_value_or_one_that_the_database_cannot_store_is_refused(
    cast: Cast, name: str, value: str
) -> None:
    make_custom_field(cast, "note", "text")
    with pytest.raises(ValidationError):
        create_customer(actor=cast.manager, code="K1", name="华天", **{name: value})


@pytest.mark.parametrize(
    "values",
    [
        {"required": True, "sensitive": True},
        {"label_zh": "客户等级"},
        {"label_en": "Customer_Grade"},
        {"kind": "choice", "choices": [CHOICES[0], {"code": "FIXED", "zh": "x", "en": "y"}]},
        {"kind": "choice", "choices": [CHOICES[0], {"code": "z", "zh": "固定期限", "en": "y"}]},
    ],
    ids=[
        "required but hidden from some who fill in the form",
        "label of the field grade",
        "name of the field grade as label",
        "two choices with the code of one",
        "two choices with one label",
    ],
)
def test_ambiguous_definition_is_refused(cast: Cast, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make_custom_field(cast, "x", values.pop("kind", "text"), **values)


def test_category_that_limits_a_custom_field_keeps_its_code(cast: Cast) -> None:
    make_custom_field(cast, "licence", "text", categories=["internal"])
    category = Category.objects.get(code="internal")
    with pytest.raises(RefusedError), transaction.atomic():
        save_reference(Category, actor=cast.sysadmin, entry_id=category.pk, code="inside")
    with pytest.raises(RefusedError), transaction.atomic():
        delete_reference(Category, actor=cast.sysadmin, entry_id=category.pk)
    save_reference(Category, actor=cast.sysadmin, entry_id=category.pk, name_en="Inside")


def test_administration_keeps_an_owner_the_user_may_not_see(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.stranger)
    client, url = login(cast.division_admin), f"/admin/crm/customer/{customer.pk}/change/"
    form = client.get(url).context["adminform"].form
    form_data = form_data_of(form)
    assert client.post(url, form_data | {"name": "新名", "owner": ""}).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.owner) == ("新名", cast.stranger)


def test_read_only_administration_page_does_not_name_a_hidden_parent(
    cast: Cast, login: Login
) -> None:
    hidden_parent = make_customer(cast.changsha, name="湖南秘密集团")
    customer = make_customer(cast.lanzhou, parent=hidden_parent)
    role = cast.division_admin.role
    role.permissions = ["customer.view", "admin.enter"]
    with fixture_changes():
        role.save()
    page = login(cast.division_admin).get(f"/admin/crm/customer/{customer.pk}/change/")
    assert page.status_code == 200
    assert "湖南秘密集团" not in page.content.decode()


def test_line_ends_of_a_browser_do_not_count_as_a_change(cast: Cast) -> None:
    make_custom_field(cast, "note", CustomFieldKind.LONG_TEXT)
    customer = create_customer(actor=cast.manager, code="K1", name="华天", custom_note="a\nb")
    same = update_customer(customer_id=customer.pk, actor=cast.manager, custom_note="a\r\nb")
    assert same.version == 1
