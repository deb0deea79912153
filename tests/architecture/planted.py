"""Views, panels and admin pages that break a rule, to test that the checks report them.

Used by ``test_planted_addresses.py``, and through ``planted_urls.py`` as pages that answer.
"""

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
    """A page with a handler that writes on the permission to view."""

    def delete(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Delete a run."""
        return HttpResponse()


class GuardedRunPageThatDeletes(RunPageThatDeletes):
    """The same page with a permission to write, but without a row in the matrix."""

    write_permission = Permission.RUN_START


class ViewWithoutPermission(View):
    """A view that checks no permission."""

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Return a response to anybody."""
        return HttpResponse()


class PageWithOwnDispatch(Page):
    """A page whose dispatch checks no permission."""

    permission = Permission.CUSTOMER_VIEW

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return a response to anybody."""
        return HttpResponse()


class Subsidiaries(CustomerPanel):
    """A panel without a row in the matrix."""

    slug = "subsidiaries"


class Rumours(HomeWidget):
    """A widget without a row in the matrix."""

    slug = "rumours"


class AdminWithExtraUrl(ServiceModelAdmin):
    """An admin page with an additional URL."""

    view_permission = Permission.ADMIN_ENTER

    def get_urls(self) -> list[URLPattern]:
        """Add a URL."""
        export = path("export/", lambda request: HttpResponse(), name="crm_transaction_export")
        return [export, *super().get_urls()]
