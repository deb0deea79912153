"""The administration's ways in: they lead to the product's own."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page


class AdminLogin(Page):
    """Strangers are asked to sign in; who may not enter is told so, and not asked again."""

    permission = Permission.ADMIN_ENTER

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Let in whoever may enter."""
        return redirect("admin:index")


class AdminPassword(Page):
    """One's password is changed on the product's own page."""

    permission = None

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Go there."""
        return redirect("account_change_password")


class AdminShortcut(Page):
    """The library's way from any record to its own page; here records have none."""

    permission = Permission.ADMIN_ENTER

    def get(self, request: AuthedRequest, **_record: str) -> HttpResponse:
        """Say so, whatever was asked for and whether or not it exists."""
        raise Http404
