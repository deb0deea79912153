"""URLs of the REST API of complaints."""

from django.urls import path, re_path

from satisfaction.api.views import (
    ComplaintByNumber,
    ComplaintClosing,
    ComplaintComments,
    ComplaintDetail,
    ComplaintList,
    ComplaintReopening,
)

urlpatterns = [
    path("complaints/", ComplaintList.as_view(), name="api-complaints"),
    path("complaints/<int:pk>/", ComplaintDetail.as_view(), name="api-complaint"),
    re_path(
        r"^complaints/by-number/(?P<number>TS-[0-9]{6}-[0-9]{5,12})/$",
        ComplaintByNumber.as_view(),
        name="api-complaint-by-number",
    ),
    path(
        "complaints/<int:pk>/comments/", ComplaintComments.as_view(), name="api-complaint-comments"
    ),
    path("complaints/<int:pk>/close/", ComplaintClosing.as_view(), name="api-complaint-close"),
    path("complaints/<int:pk>/reopen/", ComplaintReopening.as_view(), name="api-complaint-reopen"),
]
