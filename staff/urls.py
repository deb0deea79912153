"""URLs of the profile page and the language switch."""

from django.urls import path

from staff.views.language import SwitchLanguage
from staff.views.profile import Profile

urlpatterns = [
    path("profile/", Profile.as_view(), name="profile"),
    path("language/", SwitchLanguage.as_view(), name="switch_language"),
]
