"""URLs of the complaint pages."""

from django.urls import path

from satisfaction.views.complaint_list import ComplaintList
from satisfaction.views.complaint_new import ComplaintNew
from satisfaction.views.complaint_page import ComplaintPage

urlpatterns = [
    path("complaints/", ComplaintList.as_view(), name="complaints"),
    path("complaints/new/", ComplaintNew.as_view(), name="complaint_new"),
    path("complaints/<int:pk>/", ComplaintPage.as_view(), name="complaint"),
]
