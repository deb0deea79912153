"""REST: units and users, read-only. Administrators edit them in the administration."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view

from accounts.models import OrgUnit, User
from accounts.permissions import Permission
from core.api.fields import related_key
from core.api.listing import ListResource
from core.api.resources import requesting_user
from staff.api.serializers import UnitSerializer, UserSerializer
from staff.listing import UNIT_LIST, USER_LIST


@extend_schema_view(get=extend_schema(operation_id="units_list", summary="List the units you see"))
class UnitList(ListResource):
    """The units the user sees; a unit above them that is hidden from the user is None."""

    permission = Permission.CUSTOMER_VIEW
    serializer_class = UnitSerializer
    list_declaration = UNIT_LIST

    def get_queryset(self) -> QuerySet[Any]:
        """Return the visible units with the codes of the visible ones they belong to."""
        visible = OrgUnit.objects.visible_to(requesting_user(self))
        return visible.annotate(parent_code=related_key("parent", "code", visible))


@extend_schema_view(get=extend_schema(operation_id="users_list", summary="List the users you see"))
class UserList(ListResource):
    """The users the user sees; a manager who is hidden from the user is None."""

    permission = Permission.CUSTOMER_VIEW
    serializer_class = UserSerializer
    list_declaration = USER_LIST

    def get_queryset(self) -> QuerySet[Any]:
        """Return the visible users with unit, role and the numbers of visible managers."""
        visible = User.objects.visible_to(requesting_user(self))
        manager_number = related_key("manager", "employee_number", visible)
        return visible.select_related("unit", "role").annotate(manager_number=manager_number)
