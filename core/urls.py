"""URLs of the home page, its widgets, lists' options, and the files of records.

``slug`` is the slug of a HomeWidget.
"""

from django.urls import path

from core.files.records import attachment_records
from core.views.attachments import file_urls
from core.views.home import Home, HomeWidgetFragment
from core.views.list_options import ListOptions

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("widgets/<slug:slug>/", HomeWidgetFragment.as_view(), name="home_widget"),
    path("lists/<slug:name>/options/<slug:key>/", ListOptions.as_view(), name="list_options"),
]
for records in attachment_records().values():
    urlpatterns += file_urls(records)
