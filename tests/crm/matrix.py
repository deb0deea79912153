"""Rows of the permission matrix for customers: pages, panels, administration and API."""

from django.db.models import Model

from crm.models import BillingSystem, Category, Customer, Grade, ImportBatch, Industry, Source
from tests.crm.factories import make_batch
from tests.history import fixture_changes
from tests.permission_matrix import (
    ALL,
    AdminModel,
    AdminRow,
    AppMatrix,
    Find,
    Row,
    World,
    other,
    own,
)


def _make_unused_entry(model: type[Model]) -> Find:
    def make(world: World) -> Model:
        with fixture_changes():
            entry: Model = model._default_manager.create(code="Z9", name_zh="备用", name_en="Spare")
        return entry

    return make


def _reference(model: type[Model], find: Find | None = None) -> AdminModel:
    return AdminModel(
        model, find or _make_unused_entry(model), see="S", add="S", change="S", delete="S"
    )


MATRIX = AppMatrix(
    rows=(
        Row("customers", ALL),
        Row("customer", ALL, own, other),
        Row(
            "customer_panel", ALL, lambda w: [w.own.pk, "basics"], lambda w: [w.other.pk, "basics"]
        ),
        Row("customer_options", ALL, query="?q=a"),
        Row("customer_new", "HMD"),
        Row("customer_new", "HMD", method="post", status=422),
        Row("customer_edit", "HMD", own, other),
        Row("customer_edit", "HMD", own, other, method="post", status=409),
        Row("api-customers", ALL),
        Row(
            "api-customers",
            "HMD",
            method="post",
            data=lambda w: {"code": "NEW", "name": "New customer"},
            status=201,
        ),
        Row("api-customer", ALL, own, other),
        Row("api-customer", "HMD", own, other, method="patch", status=428),
        Row("api-customer-by-code", ALL, lambda w: [w.own.code], lambda w: [w.other.code]),
        Row("api-transactions", ALL),
        # The matrix sends JSON, which a user with the permission gets 415 for.
        Row("api-transactions-bulk", "D", method="post", query="?system=test", status=415),
    ),
    panels={"basics": ALL, "transactions": ALL},
    widgets={"portfolio": ALL},
    admin_rows=(
        AdminRow(
            "admin:autocomplete",
            "DS",
            query="?app_label=crm&model_name=customer&field_name=parent",
        ),
    ),
    admin_models=(
        _reference(Industry, lambda w: Industry.objects.all()[0]),
        _reference(Source),
        _reference(Category),
        _reference(Grade),
        _reference(BillingSystem),
        AdminModel(Customer, lambda w: w.own, "DS", add="D", change="D", other=lambda w: w.other),
        AdminModel(
            ImportBatch,
            lambda w: w.batch,
            see="DS",
            history=False,
            other=lambda w: make_batch(w.cast.other_head),
        ),
    ),
)
