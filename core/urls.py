"""URLs of the home page, its widgets, lists, jobs, notices, and the files of records.

``slug`` is the slug of a HomeWidget.
"""

from django.urls import path

from core.files.records import attachment_records
from core.views.attachments import file_urls
from core.views.home import Home, HomeWidgetFragment
from core.views.jobs import JobFile, JobList, JobPage, JobRing, JobUndo, ListExport
from core.views.list_edit import ListEdit
from core.views.list_options import ListOptions
from core.views.notices import NoticeBell, NoticeList, NoticeRead, NoticesRead
from core.views.saved_views import ListView, ListViews

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("widgets/<slug:slug>/", HomeWidgetFragment.as_view(), name="home_widget"),
    path("lists/<slug:name>/edit/<slug:field>/", ListEdit.as_view(), name="list_edit"),
    path("lists/<slug:name>/export/", ListExport.as_view(), name="list_export"),
    path("lists/<slug:name>/options/<slug:key>/", ListOptions.as_view(), name="list_options"),
    path("lists/<slug:name>/views/", ListViews.as_view(), name="list_views"),
    path("lists/<slug:name>/views/<int:pk>/", ListView.as_view(), name="list_view"),
    path("jobs/", JobList.as_view(), name="jobs"),
    path("jobs/ring/", JobRing.as_view(), name="job_ring"),
    path("jobs/<int:pk>/", JobPage.as_view(), name="job"),
    path("jobs/<int:pk>/undo/", JobUndo.as_view(), name="job_undo"),
    path("jobs/<int:pk>/file/", JobFile.as_view(), name="job_file"),
    path("notices/", NoticeList.as_view(), name="notices"),
    path("notices/bell/", NoticeBell.as_view(), name="notice_bell"),
    path("notices/read/", NoticesRead.as_view(), name="notices_read"),
    path("notices/<int:pk>/read/", NoticeRead.as_view(), name="notice_read"),
]
for records in attachment_records().values():
    urlpatterns += file_urls(records)
