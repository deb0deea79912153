"""URLs of the home page, of list options and of notices; ``slug`` is that of a HomeWidget."""

from django.urls import path

from core.views.home import Home, HomeWidgetFragment
from core.views.list_options import ListOptions
from core.views.notices import NoticeBell, NoticeList, NoticeRead, NoticesRead

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("widgets/<slug:slug>/", HomeWidgetFragment.as_view(), name="home_widget"),
    path("lists/<slug:name>/options/<slug:key>/", ListOptions.as_view(), name="list_options"),
    path("notices/", NoticeList.as_view(), name="notices"),
    path("notices/bell/", NoticeBell.as_view(), name="notice_bell"),
    path("notices/read/", NoticesRead.as_view(), name="notices_read"),
    path("notices/<int:pk>/read/", NoticeRead.as_view(), name="notice_read"),
]
