"""REST: the saved views of lists that the user sees, with the parameters that read them."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from accounts.models import User
from core.api.listing import ListResource
from core.api.permissions import SignedIn
from core.api.resources import requesting_user
from core.fields.kinds import Text
from core.listing.comparisons import Column, exact_comparisons
from core.listing.declarations import ListDeclaration, Sort, fixed_columns
from core.listing.filters import ListFilter
from core.listing.tabs import query_of
from core.models import SavedView

FILTERS = (ListFilter("list", _("list"), exact_comparisons(Column("list_name", Text()))),)


def _visible_views(user: User) -> QuerySet[Any]:
    return SavedView.objects.visible_to(user)


SAVED_VIEW_LIST = ListDeclaration(
    name="saved-views",
    title=_("saved views"),
    permission=None,
    rows=_visible_views,
    columns=fixed_columns(),
    filters=lambda _fields: FILTERS,
    sorts={"id": Sort()},
    default_sort="-id",
)


class SavedViewSerializer(serializers.Serializer[SavedView]):
    """A saved view."""

    id = serializers.IntegerField()
    list = serializers.CharField(source="list_name", help_text="Such as `customers`.")
    name = serializers.CharField()
    owner = serializers.CharField(source="owner.employee_number")
    is_shared = serializers.SerializerMethodField()
    parameters = serializers.SerializerMethodField(
        help_text="The query string that reads its rows from the resource of the list."
    )

    def get_is_shared(self, view: SavedView) -> bool:
        """Return whether others see the view."""
        return view.shared_with_id is not None

    def get_parameters(self, view: SavedView) -> str:
        """Return the query string; blank for a view of all rows."""
        return urlencode(query_of(view).address_parameters())


@extend_schema_view(
    get=extend_schema(operation_id="saved_views_list", summary="List the saved views you see")
)
class SavedViewList(ListResource):
    """The user's own views and those shared with their unit."""

    permission_classes = [SignedIn]
    serializer_class = SavedViewSerializer
    list_declaration = SAVED_VIEW_LIST

    def get_queryset(self) -> QuerySet[Any]:
        """Return the visible views with their owners."""
        return SavedView.objects.visible_to(requesting_user(self)).select_related("owner")
