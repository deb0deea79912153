"""URLs of the scoring pages."""

from django.urls import path

from segmentation.views.runs import RunList, RunPage
from segmentation.views.segments import Segments

urlpatterns = [
    path("segments/", Segments.as_view(), name="segments"),
    path("runs/", RunList.as_view(), name="runs"),
    path("runs/<int:pk>/", RunPage.as_view(), name="run"),
]
