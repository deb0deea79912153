"""The permission matrix of the home page, custom fields, and admin pages without a model."""

from django.utils import timezone

from accounts.models import User
from core.listing.query import ListQuery
from core.models import (
    Attachment,
    CustomField,
    CustomFieldKind,
    Event,
    EventConsumer,
    Notice,
    SavedView,
)
from core.services.custom_field import save_custom_field
from core.services.notice import NewNotice, send_notices
from core.services.saved_view import create_saved_view
from crm.notices import CUSTOMERS_ASSIGNED
from tests.core.files.factories import make_attachment
from tests.core.jobs.factories import make_job
from tests.permission_matrix import ALL, AdminModel, AdminRow, AppMatrix, Row, World

# The admin's catch-all pattern, which answers 404 for an unknown URL.
UNKNOWN_ADMIN_URL = "admin/(?P<url>.*)$"


def _custom_field(world: World) -> CustomField:
    return save_custom_field(
        actor=world.cast.sysadmin, record_type="customer", key="lines", label_zh="专线数",
        kind=CustomFieldKind.NUMBER,
    )  # fmt: skip


def _hidden_notice(world: World) -> list[int]:
    """Return the arguments of the URL of a notice that is none of the matrix's users'."""
    send_notices(CUSTOMERS_ASSIGNED, [NewNotice(world.cast.stranger.pk, "x", {"count": 2})])
    return [Notice.objects.get(recipient=world.cast.stranger).pk]


def _failing_consumer(world: World) -> EventConsumer:
    """Return a consumer that fails: only such a one can be changed."""
    now = timezone.now()
    EventConsumer.objects.update(failures=1, error="RuntimeError", failed_at=now, retry_at=now)
    return EventConsumer.objects.latest("name")


def _view(owner: User) -> SavedView:
    """Return a view that its owner shares with everyone of the unit and those below it."""
    existing = SavedView.objects.visible_to(owner).first()  # each role's request asks for one
    return existing or create_saved_view(
        list_name="customers", name="Ours", query=ListQuery().to_json(), is_shared=True, actor=owner
    )


def _own_job(world: World) -> list[int]:
    return [make_job(world.cast.manager).pk]


def _other_job(world: World) -> list[int]:
    return [make_job(world.cast.stranger).pk]


MATRIX = AppMatrix(
    public=("healthz",),
    rows=(
        Row("home", ALL),
        Row("home_widget", ALL, lambda w: ["open-complaints"]),
        Row(
            "list_export",
            ALL,
            lambda w: ["customers"],
            method="post",
            data=lambda w: {"format": "csv"},
            status=302,
        ),
        Row(
            "list_edit",
            "HMD",
            lambda w: ["customers", "stage"],
            method="post",
            data=lambda w: {"ids": w.own_customer.pk},
        ),
        Row("job_undo", ALL, _other_job, method="post", status=404),
        Row(
            "list_views",
            ALL,
            lambda w: ["customers"],
            method="post",
            data=lambda w: {"name": "Mine"},
            status=302,
        ),
        Row(
            "list_view",
            ALL,
            lambda w: ["customers", _view(w.cast.executive).pk],
            method="post",
            data=lambda w: {"action": "default"},
            status=302,
        ),
        Row("jobs", ALL),
        Row("job_ring", ALL),
        Row("job", ALL, _own_job, _other_job),
        Row("job", "MS", _own_job, method="post", status=302),
        Row("job_file", ALL, _own_job, status=404),  # only the actor gets a file
        Row("api-jobs", ALL),
        Row("api-job", ALL, _own_job, _other_job),
        Row("api-job-file", ALL, _own_job, status=404),
        Row("api-job-cancel", "MS", _own_job, method="post"),
        Row("list_options", ALL, lambda w: ["customers", "owner"], query="?q=a"),
        Row("notices", ALL),
        Row("notice_bell", ALL),
        Row("notices_read", ALL, method="post", status=302),
        Row("notice_read", ALL, _hidden_notice, method="post", status=404),
        Row("api-notices", ALL),
        Row("api-saved-views", ALL),
        Row("api-notices-read", ALL, method="post", data=lambda w: {"until": 1}),
        Row("api-notice-read", ALL, _hidden_notice, method="post", status=404),
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
        AdminModel(Event, lambda w: Event.objects.latest("pk"), see="S", history=False),
        AdminModel(
            EventConsumer,
            _failing_consumer,
            see="S",
            change="S",
            history=False,
        ),
    ),
)
