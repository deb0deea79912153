"""Search for the options of a list's filter, for filters with too many to offer."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse

from core.listing.registry import lists
from core.listing.selection import MAX_SEARCH_LENGTH, UserList
from core.pages import AuthedRequest, Page


class ListOptions(Page):
    """Options of a filter for pickers: ``[{"value": key, "text": label}, …]``."""

    permission = None  # that of the list is checked

    def get(self, request: AuthedRequest, name: str, key: str) -> JsonResponse:
        """Return the first options that match the text ``q``; 404 for an unknown filter."""
        declaration = lists().get(name)
        if declaration is None:
            raise Http404
        if declaration.permission is not None and not request.user.may(declaration.permission):
            raise PermissionDenied(declaration.permission.value)
        text = request.GET.get("q", "").replace("\0", "")[:MAX_SEARCH_LENGTH]
        for list_filter in UserList(declaration, request.user).filters:
            if list_filter.key == key and list_filter.search is not None:
                found = list_filter.search(request.user, text)
                options = [{"value": each.value, "text": str(each.label)} for each in found]
                return JsonResponse(options, safe=False)
        raise Http404
