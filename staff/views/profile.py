"""The profile page: the user's own account, language and phone."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from staff.forms import ProfileForm
from staff.services.profile import update_profile


class Profile(Page):
    """Show the user's own account; change language and phone."""

    permission = None  # every signed-in user

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the profile."""
        user = request.user
        form = ProfileForm(initial={"language": user.language, "phone": user.phone})
        return _render_profile(request, form)

    def post(self, request: AuthedRequest) -> HttpResponse:
        """Save language and phone; redirect with a confirmation in the new language."""
        form = ProfileForm(request.POST)
        if form.is_valid():
            try:
                user = update_profile(actor=request.user, **form.cleaned_data)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                with translation.override(user.language):
                    messages.success(request, _("Saved"))
                return redirect("profile")
        return _render_profile(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _render_profile(
    request: AuthedRequest, form: ProfileForm, *, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    labels = [Permission(value).label for value in request.user.role.permissions]
    context = {"form": form, "permissions": labels}
    return render(request, "staff/profile.html", context, status=status)
