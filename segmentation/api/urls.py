"""URLs of the REST API of scoring runs and scores."""

from django.urls import path

from segmentation.api.scores import ScoreList
from segmentation.api.views import RunDetail, RunList

urlpatterns = [
    path("scores/", ScoreList.as_view(), name="api-scores"),
    path("scoring-runs/", RunList.as_view(), name="api-scoring-runs"),
    path("scoring-runs/<int:pk>/", RunDetail.as_view(), name="api-scoring-run"),
]
