"""Views that replace pages of Django's admin.

``config.urls`` lists them before the URLs of the admin, so Django finds them first.
"""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page


class AdminLogin(Page):
    """Replaces the admin's login page.

    ``Page`` redirects anonymous users to the product's login page, and answers 403 to a signed-in
    user without the permission, who would get a second login form from Django.
    """

    permission = Permission.ADMIN_ENTER

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Redirect a user with the permission to the admin's index."""
        return redirect("admin:index")


class AdminPassword(Page):
    """Replaces the admin's password change, which does not limit attempts."""

    permission = None

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Redirect to the product's own page."""
        return redirect("account_change_password")


class AdminShortcut(Page):
    """Turns off the admin's redirect from ``r/<content type>/<id>/`` to a record's own page.

    No model here has the ``get_absolute_url`` that Django's view needs. Its error messages would
    say whether the record exists, even to a user who may not see it.
    """

    permission = Permission.ADMIN_ENTER

    def get(self, request: AuthedRequest, **_record: str) -> HttpResponse:
        """Answer 404 for every record."""
        raise Http404
