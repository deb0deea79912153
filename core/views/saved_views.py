"""Saving what a list shows as a view, and changing and deleting views."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from core.listing.page import ShownList, shown_list
from core.models import SavedView
from core.pages import AuthedRequest, Page
from core.services.saved_view import (
    create_saved_view,
    delete_saved_view,
    open_with_view,
    open_without_view,
    update_saved_view,
)


class ListViews(Page):
    """Saves a new view: the address has the query, as that of the list's page has."""

    permission = None  # that of the list is checked
    http_method_names = ["post"]

    def post(self, request: AuthedRequest, name: str) -> HttpResponse:
        """Save the view and redirect to it; with a message to the list if the name is refused."""
        shown = shown_list(request, name)
        try:
            view = create_saved_view(list_name=name, actor=request.user, **_values(request, shown))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(shown.current_url)
        messages.success(request, _("Saved: the view “%s”.") % view.name)
        return redirect(shown.view_url(view))


class ListView(Page):
    """Changes a view: the form's ``action`` is a key of ``actions``."""

    permission = None  # that of the list is checked
    http_method_names = ["post"]

    def post(self, request: AuthedRequest, name: str, pk: int) -> HttpResponse:
        """Do it and redirect to the list; 404 for a view that is not the user's to change."""
        shown = shown_list(request, name)
        action = self.actions.get(request.POST.get("action", ""))
        if action is None or not any(view.pk == pk for view in shown.tabs.views):
            raise Http404
        try:
            return redirect(action(request, shown, pk))
        except SavedView.DoesNotExist as error:
            raise Http404 from error
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(shown.current_url)

    @staticmethod
    def _save(request: AuthedRequest, shown: ShownList, pk: int) -> str:
        view = update_saved_view(view_id=pk, actor=request.user, **_values(request, shown))
        messages.success(request, _("Saved: the view “%s”.") % view.name)
        return shown.view_url(view)

    @staticmethod
    def _delete(request: AuthedRequest, shown: ShownList, pk: int) -> str:
        view = delete_saved_view(view_id=pk, actor=request.user)
        messages.success(request, _("Deleted: the view “%s”.") % view.name)
        return shown.base_url

    @staticmethod
    def _open_with(request: AuthedRequest, shown: ShownList, pk: int) -> str:
        open_with_view(view_id=pk, actor=request.user)
        return shown.current_url

    @staticmethod
    def _open_without(request: AuthedRequest, shown: ShownList, pk: int) -> str:
        open_without_view(list_name=shown.declaration.name, actor=request.user)
        return shown.current_url

    actions: ClassVar[dict[str, Callable[[AuthedRequest, ShownList, int], str]]] = {
        "save": _save,
        "delete": _delete,
        "default": _open_with,
        "no_default": _open_without,
    }


def _values(request: AuthedRequest, shown: ShownList) -> dict[str, Any]:
    return {
        "name": request.POST.get("name", ""),
        "query": shown.full_query.to_json(),
        "is_shared": "shared" in request.POST,
    }
