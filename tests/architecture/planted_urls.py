"""Addresses of planted pages, beside the product's own."""

from django.urls import include, path

from tests.architecture.planted import GuardedDelete, RunPageThatDeletes

urlpatterns = [
    path("unguarded/<int:pk>/", RunPageThatDeletes.as_view()),
    path("guarded/<int:pk>/", GuardedDelete.as_view()),
    path("", include("config.urls")),
]
