"""The language switch, for signed-in and anonymous users."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View

from accounts.models import User
from staff.services.profile import update_profile


class SwitchLanguage(View):
    """Set the posted language and redirect back to the page.

    A cookie stores it in the browser, for the login page. A signed-in user's language is also saved
    in their account, so that it applies on every computer.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Change the language; an unknown one changes nothing."""
        target = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
            target = "/"
        response = HttpResponseRedirect(target)
        language = request.POST.get("language", "")
        if language in dict(settings.LANGUAGES):
            if isinstance(request.user, User):  # signed in
                update_profile(actor=request.user, language=language, phone=request.user.phone)
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response
