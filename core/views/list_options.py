"""Search for the options of a list's filter, for filters with too many to offer."""

from django.http import Http404, JsonResponse

from core.listing.page import find_list
from core.listing.query import MAX_SEARCH_LENGTH
from core.listing.selection import UserList
from core.pages import AuthedRequest, Page


class ListOptions(Page):
    """Options of a filter for pickers: ``[{"value": key, "text": label}, …]``."""

    permission = None  # that of the list is checked

    def get(self, request: AuthedRequest, name: str, key: str) -> JsonResponse:
        """Return the first options that match the text ``q``; 404 for an unknown filter."""
        declaration = find_list(request, name)
        text = request.GET.get("q", "").replace("\0", "")[:MAX_SEARCH_LENGTH]
        for list_filter in UserList(declaration, request.user).filters:
            if list_filter.key == key and list_filter.search is not None:
                found = list_filter.search(request.user, text)
                options = [{"value": each.value, "text": str(each.label)} for each in found]
                return JsonResponse(options, safe=False)
        raise Http404
