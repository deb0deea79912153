"""The root URLs."""

from allauth.account import views as account_views
from django.contrib import admin
from django.urls import include, path

from core.views.health import healthz
from staff.views.admin_redirects import AdminLogin, AdminPassword, AdminShortcut

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("login/", account_views.login, name="account_login"),
    path("logout/", account_views.logout, name="account_logout"),
    path("password/", account_views.password_change, name="account_change_password"),
    # The next three replace URLs of admin.site.urls, so they come before it. The admin's own login
    # and password pages are not throttled, and its shortcut would tell whether a record exists.
    path("admin/login/", AdminLogin.as_view(), name="admin-login"),
    path("admin/password_change/", AdminPassword.as_view(), name="admin-password"),
    path("admin/r/<path:record>/", AdminShortcut.as_view(), name="admin-shortcut"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api_urls")),
    path("", include("core.urls")),
    path("", include("staff.urls")),
    path("", include("crm.urls")),
    path("", include("satisfaction.urls")),
    path("", include("segmentation.urls")),
]

handler400 = "core.views.errors.bad_request"
handler403 = "core.views.errors.forbidden"
handler404 = "core.views.errors.not_found"
handler429 = "core.views.errors.too_many_requests"  # a name that allauth looks up, not Django
handler500 = "core.views.errors.server_error"
