"""Views that replace URLs of Django's admin by the product's own pages."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page


class AdminLogin(Page):
    """Replaces the admin's login: anonymous users get the product's login page.

    A signed-in user without the permission gets 403 and not a second login form.
    """

    permission = Permission.ADMIN_ENTER

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Redirect a user with the permission to the admin's index."""
        return redirect("admin:index")


class AdminPassword(Page):
    """Replaces the admin's password change by the product's own page."""

    permission = None

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Redirect to that page."""
        return redirect("account_change_password")


class AdminShortcut(Page):
    """Replaces the admin's redirect ``r/<type>/<id>/`` to a record's page on the site.

    The records have no ``get_absolute_url``, and the admin would answer whether a record exists.
    """

    permission = Permission.ADMIN_ENTER

    def get(self, request: AuthedRequest, **_record: str) -> HttpResponse:
        """Answer 404 for every record."""
        raise Http404
