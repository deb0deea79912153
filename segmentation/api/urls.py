"""URLs of the REST API of scoring runs."""

from django.urls import path

from segmentation.api.views import RunDetail, RunList

urlpatterns = [
    path("scoring-runs/", RunList.as_view(), name="api-scoring-runs"),
    path("scoring-runs/<int:pk>/", RunDetail.as_view(), name="api-scoring-run"),
]
