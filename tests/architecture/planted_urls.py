"""The URLs of planted pages and of the product."""

from django.urls import include, path

from tests.architecture.planted import GuardedDelete, RunPageThatDeletes

urlpatterns = [
    path("unguarded/<int:pk>/", RunPageThatDeletes.as_view()),
    path("guarded/<int:pk>/", GuardedDelete.as_view()),
    path("", include("config.urls")),
]
