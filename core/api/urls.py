"""URLs of the REST API of notices, saved views and the files of records."""

from django.urls import URLPattern, path

from core.api.attachments import api_file_urls
from core.api.notices import NoticeDetailRead, NoticeList, NoticesRead
from core.api.saved_views import SavedViewList
from core.files.records import attachment_records

urlpatterns: list[URLPattern] = [
    path("notices/", NoticeList.as_view(), name="api-notices"),
    path("notices/read/", NoticesRead.as_view(), name="api-notices-read"),
    path("notices/<int:pk>/read/", NoticeDetailRead.as_view(), name="api-notice-read"),
    path("saved-views/", SavedViewList.as_view(), name="api-saved-views"),
]
for records in attachment_records().values():
    urlpatterns += api_file_urls(records)
