"""REST addresses of this app."""

from django.urls import path

from accounts.api.schema import Schema
from accounts.api.views import Me

urlpatterns = [
    path("me/", Me.as_view(), name="api-me"),
    path("schema/", Schema.as_view(), name="api-schema"),
]
