"""The URLs of the REST API, version 1."""

from django.urls import include, path

urlpatterns = [
    path("", include("core.api.urls")),
    path("", include("staff.api.urls")),
    path("", include("crm.api.urls")),
    path("", include("satisfaction.api.urls")),
    path("", include("segmentation.api.urls")),
]
