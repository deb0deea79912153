"""The permission matrix of the home page, custom fields, and admin pages without a model."""

from core.models import Attachment, CustomField, CustomFieldKind
from core.services.custom_field import save_custom_field
from tests.core.files.factories import make_attachment
from tests.permission_matrix import ALL, AdminModel, AdminRow, AppMatrix, Row, World

# The admin's catch-all pattern, which answers 404 for an unknown URL.
UNKNOWN_ADMIN_URL = "admin/(?P<url>.*)$"


def _custom_field(world: World) -> CustomField:
    return save_custom_field(
        actor=world.cast.sysadmin, record_type="customer", key="lines", label_zh="专线数",
        kind=CustomFieldKind.NUMBER,
    )  # fmt: skip


MATRIX = AppMatrix(
    public=("healthz",),
    rows=(
        Row("home", ALL),
        Row("home_widget", ALL, lambda w: ["open-complaints"]),
        Row("list_options", ALL, lambda w: ["customers", "owner"], query="?q=a"),
    ),
    admin_rows=(
        AdminRow("admin:index", "DS"),
        AdminRow("admin:index", "DS", method="post"),
        AdminRow("admin:app_list", "DS", lambda w: ["crm"]),
        AdminRow("admin:app_list", "DS", lambda w: ["crm"], method="post"),
        AdminRow("admin:search", "DS", query="?s=cust"),
        AdminRow("admin:search", "DS", method="post"),
        AdminRow("admin:jsi18n", "DS"),
        AdminRow("admin:jsi18n", "DS", method="post", status=405),
        AdminRow("admin:logout", "DS", status=405),
        AdminRow("admin:logout", "DS", method="post"),
        AdminRow("admin:password_change_done", "DS"),
        AdminRow("admin:password_change_done", "DS", method="post", status=405),
        AdminRow(UNKNOWN_ADMIN_URL, "DS", status=404),
        AdminRow(UNKNOWN_ADMIN_URL, "DS", method="post", status=404),
    ),
    admin_models=(
        AdminModel(CustomField, _custom_field, see="S", add="S", change="S"),
        AdminModel(
            Attachment,
            lambda w: make_attachment(w.own_customer, actor=w.cast.manager),
            see="DS",
            other_record=lambda w: make_attachment(w.other_customer, actor=w.cast.stranger),
        ),
    ),
)
