"""Who gets the home page, and the pages of the administration that belong to no model."""

from tests.permission_matrix import ALL, AdminRow, AppMatrix, Row

NOWHERE = "admin/(?P<url>.*)$"  # the administration's answer to an address it does not have

MATRIX = AppMatrix(
    public=("healthz",),
    rows=(
        Row("home", ALL),
        Row("home_widget", ALL, lambda w: ["open-complaints"]),
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
        AdminRow(NOWHERE, "DS", status=404),
        AdminRow(NOWHERE, "DS", method="post", status=404),
    ),
)
