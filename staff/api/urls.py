"""URLs of the REST API that belong to this app."""

from django.urls import path

from core.api.schema import Schema
from staff.api.staff import UnitList, UserList
from staff.api.views import Me

urlpatterns = [
    path("me/", Me.as_view(), name="api-me"),
    path("units/", UnitList.as_view(), name="api-units"),
    path("users/", UserList.as_view(), name="api-users"),
    path("schema/", Schema.as_view(), name="api-schema"),
]
