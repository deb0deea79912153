"""The permission matrix of the profile pages, the administration of staff, and their API."""

from django.utils import timezone

from accounts.models import ApiKey, OrgUnit, Role, User
from tests.history import fixture_changes
from tests.permission_matrix import ALL, AdminModel, AdminRow, AppMatrix, Row, World


def _api_key(world: World) -> ApiKey:
    with fixture_changes():
        key, _text = ApiKey.objects.issue(
            user=world.cast.manager, name="ERP", expiry=timezone.now()
        )
    return key


def _choices_query(app: str, model: str, field: str) -> str:
    """Return the query by which the admin's form of ``model`` searches the choices of ``field``."""
    return f"?app_label={app}&model_name={model}&field_name={field}"


MATRIX = AppMatrix(
    public=("account_login", "account_logout"),
    rows=(
        Row("profile", ALL),
        Row("profile", ALL, method="post", data=lambda w: {"language": "en"}, status=302),
        Row("switch_language", ALL, method="post", data=lambda w: {"language": "en"}, status=302),
        Row("account_change_password", ALL),
        Row("account_change_password", ALL, method="post"),
        Row("account_change_password", ALL, method="put"),  # handled like a POST
        # The admin's login redirects a signed-in user with the permission.
        Row("admin-login", "DS", status=302),
        Row("admin-password", ALL, status=302),
        Row("admin-shortcut", "DS", status=404, arguments=lambda w: ["1/1"]),
        Row("api-me", ALL),
        Row("api-schema", ALL),
        Row("api-units", ALL),
        Row("api-users", ALL),
    ),
    admin_rows=(
        AdminRow("admin:autocomplete", "S", query=_choices_query("accounts", "user", "manager")),
        AdminRow("admin:autocomplete", "S", query=_choices_query("accounts", "apikey", "user")),
        AdminRow("admin:autocomplete", "DS", method="post", status=405),
    ),
    admin_models=(
        AdminModel(User, lambda w: w.cast.manager, see="S", add="S", change="S"),
        AdminModel(OrgUnit, lambda w: w.cast.lanzhou, see="S", add="S", change="S"),
        AdminModel(Role, lambda w: w.cast.manager.role, see="S", add="S", change="S"),
        AdminModel(ApiKey, _api_key, see="S", add="S", delete="S"),
    ),
)
