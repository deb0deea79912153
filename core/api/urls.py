"""URLs of the REST API that belong to this package."""

from django.urls import path

from core.api.notices import NoticeDetailRead, NoticeList, NoticesRead

urlpatterns = [
    path("notices/", NoticeList.as_view(), name="api-notices"),
    path("notices/read/", NoticesRead.as_view(), name="api-notices-read"),
    path("notices/<int:pk>/read/", NoticeDetailRead.as_view(), name="api-notice-read"),
]
