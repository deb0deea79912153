"""URLs of the REST API of jobs, notices, saved views and the files of records."""

from django.urls import URLPattern, path

from core.api.attachments import api_file_urls
from core.api.jobs import JobCancel, JobDetail, JobFile, JobList
from core.api.notices import NoticeDetailRead, NoticeList, NoticesRead
from core.api.saved_views import SavedViewList
from core.files.records import attachment_records

urlpatterns: list[URLPattern] = [
    path("jobs/", JobList.as_view(), name="api-jobs"),
    path("jobs/<int:pk>/", JobDetail.as_view(), name="api-job"),
    path("jobs/<int:pk>/file/", JobFile.as_view(), name="api-job-file"),
    path("jobs/<int:pk>/cancel/", JobCancel.as_view(), name="api-job-cancel"),
    path("notices/", NoticeList.as_view(), name="api-notices"),
    path("notices/read/", NoticesRead.as_view(), name="api-notices-read"),
    path("notices/<int:pk>/read/", NoticeDetailRead.as_view(), name="api-notice-read"),
    path("saved-views/", SavedViewList.as_view(), name="api-saved-views"),
]
for records in attachment_records().values():
    urlpatterns += api_file_urls(records)
