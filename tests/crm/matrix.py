"""The permission matrix of customers and their reference lists: pages, API, administration."""

from typing import Any

from django.db.models import Model

from crm.models import (
    BillingSystem,
    Category,
    Customer,
    Grade,
    ImportBatch,
    Industry,
    Interaction,
    Source,
)
from tests.crm.factories import make_batch, make_interaction
from tests.history import fixture_changes
from tests.permission_matrix import (
    ALL,
    AdminModel,
    AdminRow,
    AppMatrix,
    GetRecord,
    Row,
    World,
    file_rows,
    other_customer,
    own_customer,
)


def _make_unused_entry(model: type[Model]) -> GetRecord:
    """Return a function that makes an entry that nothing refers to, so it can be deleted."""

    def make(world: World) -> Model:
        with fixture_changes():
            entry: Model = model._default_manager.create(code="Z9", name_zh="备用", name_en="Spare")
        return entry

    return make


def _reference_list(model: type[Model], get_record: GetRecord | None = None) -> AdminModel:
    return AdminModel(
        model, get_record or _make_unused_entry(model), see="S", add="S", change="S", delete="S"
    )


def _own_interaction(world: World) -> list[Any]:
    """Make an interaction with the customer of the own province; return its URL arguments."""
    return [make_interaction(world.own_customer, world.cast.manager).pk]


def _other_interaction(world: World) -> list[Any]:
    """Make an interaction with the customer of another province; return its URL arguments."""
    return [make_interaction(world.other_customer, world.cast.stranger).pk]


MATRIX = AppMatrix(
    rows=(
        Row("imports", "D", status=302),
        Row("import_customers", "D"),
        Row("import_customers", "D", method="post", status=422),
        Row("import_interactions", "D"),
        Row("import_interactions", "D", method="post", status=422),
        Row("import_transactions", "D"),
        Row("import_transactions", "D", method="post", status=422),
        Row("customers", ALL),
        Row("customer", ALL, own_customer, other_customer),
        Row(
            "customer_panel",
            ALL,
            lambda w: [w.own_customer.pk, "basics"],
            lambda w: [w.other_customer.pk, "basics"],
        ),
        Row("customer_options", ALL, query="?q=a"),
        Row("customer_new", "HMD"),
        # Empty forms: a required field is missing, and the loaded version is not the current one.
        Row("customer_new", "HMD", method="post", status=422),
        Row("customer_edit", "HMD", own_customer, other_customer),
        Row("customer_edit", "HMD", own_customer, other_customer, method="post", status=409),
        *file_rows(
            "interaction",
            ALL,
            "HMAD",
            lambda w: make_interaction(w.own_customer, w.cast.manager),
            lambda w: make_interaction(w.other_customer, w.cast.stranger),
        ),
        *file_rows("customer", ALL, "HMD", lambda w: w.own_customer, lambda w: w.other_customer),
        Row("api-customers", ALL),
        Row(
            "api-customers",
            "HMD",
            method="post",
            data=lambda w: {"code": "NEW", "name": "New customer"},
            status=201,
        ),
        Row("api-customer", ALL, own_customer, other_customer),
        # Without If-Match.
        Row("api-customer", "HMD", own_customer, other_customer, method="patch", status=428),
        Row(
            "api-customer-by-code",
            ALL,
            lambda w: [w.own_customer.code],
            lambda w: [w.other_customer.code],
        ),
        *(
            Row(name, ALL)
            for name in (
                "api-industries",
                "api-sources",
                "api-categories",
                "api-grades",
                "api-billing-systems",
            )
        ),
        Row("interactions", ALL),
        Row("interaction_new", "HMAD"),
        Row("interaction_new", "HMAD", method="post", status=422),
        Row("interaction", ALL, _own_interaction, _other_interaction),
        # Agents and managers change only their own; test_interaction_pages asks for hidden ones.
        Row("interaction_edit", "HMD", _own_interaction),
        Row("interaction_edit", "HMD", _own_interaction, method="post", status=409),
        # The version is missing, so nothing is deleted.
        Row("interaction_delete", "HMD", _own_interaction, method="post", status=302),
        Row(
            "customer_interaction_log",
            "HMAD",
            own_customer,
            other_customer,
            method="post",
            status=422,
        ),
        Row("api-interactions", ALL),
        Row(
            "api-interactions",
            "HMAD",
            method="post",
            data=lambda w: {"customer": "OWN", "channel": "phone", "content": "谈了报价"},
            status=201,
        ),
        Row("api-interaction", ALL, _own_interaction, _other_interaction),
        # Without If-Match.
        Row(
            "api-interaction",
            "HMAD",
            _own_interaction,
            _other_interaction,
            method="patch",
            status=428,
        ),
        Row(
            "api-interaction",
            "HMAD",
            _own_interaction,
            _other_interaction,
            method="delete",
            status=428,
        ),
        # The body is an object and no array.
        Row("api-interactions-bulk", "D", method="post", query="?system=test", status=400),
        Row("api-transactions", ALL),
        # The rows of the matrix send an object, but this URL takes an array, so it answers 400.
        Row("api-transactions-bulk", "D", method="post", query="?system=test", status=400),
    ),
    panels={"basics": ALL, "files": ALL, "transactions": ALL, "interactions": ALL},
    widgets={"portfolio": ALL},
    list_parts={"interactions": ALL},
    admin_rows=(
        AdminRow(
            "admin:autocomplete",
            "DS",
            query="?app_label=crm&model_name=customer&field_name=parent",
        ),
        AdminRow(
            "admin:autocomplete",
            "DS",
            query="?app_label=crm&model_name=interaction&field_name=customer",
        ),
    ),
    admin_models=(
        _reference_list(Industry, lambda w: Industry.objects.all()[0]),
        _reference_list(Source),
        _reference_list(Category),
        _reference_list(Grade),
        _reference_list(BillingSystem),
        AdminModel(
            Customer,
            lambda w: w.own_customer,
            see="DS",
            add="D",
            change="D",
            other_record=lambda w: w.other_customer,
        ),
        AdminModel(
            Interaction,
            lambda w: make_interaction(w.own_customer, w.cast.manager),
            see="DS",
            add="D",
            change="D",
            delete="D",
            other_record=lambda w: make_interaction(w.other_customer, w.cast.stranger),
        ),
        AdminModel(
            ImportBatch,
            lambda w: w.batch,
            see="DS",
            history=False,
            other_record=lambda w: make_batch(w.cast.other_head),
        ),
    ),
)
