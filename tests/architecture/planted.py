"""What the tests plant: views, panels and admin pages that break the rules."""

from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path
from django.views.generic import View

from accounts.permissions import Permission
from core.composition import HomeWidget
from core.pages import AuthedRequest, Page
from core.service_admin import ServiceModelAdmin
from crm.composition import CustomerPanel
from segmentation.views.runs import RunPage


class RunPageThatDeletes(RunPage):
    """Run page with one handler more, on the permission to look."""

    def delete(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Delete a run."""
        return HttpResponse()


class GuardedDelete(RunPageThatDeletes):
    """The same, on a permission to write: still without a row in the matrix."""

    write_permission = Permission.RUN_START


class NoPage(View):
    """A view that asks nobody for permission."""

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Answer anybody."""
        return HttpResponse()


class OwnDispatch(Page):
    """A page whose dispatch asks nobody for permission."""

    permission = Permission.CUSTOMER_VIEW

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer anybody."""
        return HttpResponse()


class Subsidiaries(CustomerPanel):
    """A panel no row is about."""

    slug = "subsidiaries"


class Rumours(HomeWidget):
    """A widget no row is about."""

    slug = "rumours"


class PlainAdmin(ServiceModelAdmin):
    """An admin page with an address of its own."""

    view_permission = Permission.ADMIN_ENTER

    def get_urls(self) -> list[URLPattern]:
        """Add an address to the library's."""
        own = path("export/", lambda request: HttpResponse(), name="crm_transaction_export")
        return [own, *super().get_urls()]
