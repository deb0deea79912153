"""URLs of the REST API that belong to this app."""

from django.urls import path

from core.api.schema import Schema
from staff.api.views import Me

urlpatterns = [
    path("me/", Me.as_view(), name="api-me"),
    path("schema/", Schema.as_view(), name="api-schema"),
]
