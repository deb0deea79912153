"""The language switch, for everybody: one press, same page, other language."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View

from accounts.models import User
from staff.services.profile import update_profile


class SwitchLanguage(View):
    """Take the language posted and go back to where one was.

    A stranger's choice is kept in this browser, so that the page to sign in speaks it. A person's
    choice is theirs, on every computer; the browser keeps it too, for after they sign out.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Change the language; one that is not spoken here changes nothing."""
        target = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
            target = "/"
        response = HttpResponseRedirect(target)
        language = request.POST.get("language", "")
        if language in dict(settings.LANGUAGES):
            if isinstance(request.user, User):
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
