"""A URL configuration with two planted pages before the URLs of the product."""

from django.urls import include, path

from tests.architecture.planted import GuardedRunPageThatDeletes, RunPageThatDeletes

urlpatterns = [
    path("unguarded/<int:pk>/", RunPageThatDeletes.as_view()),
    path("guarded/<int:pk>/", GuardedRunPageThatDeletes.as_view()),
    path("", include("config.urls")),
]
