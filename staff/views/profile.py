"""One's own page: who one is here, language, phone."""

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
    """Show and change one's own settings."""

    permission = None

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show them."""
        user = request.user
        form = ProfileForm(initial={"language": user.language, "phone": user.phone})
        return _page(request, form)

    def post(self, request: AuthedRequest) -> HttpResponse:
        """Keep them; the answer is already in the new language."""
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
        return _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _page(
    request: AuthedRequest, form: ProfileForm, *, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    may = [Permission(value).label for value in request.user.role.permissions]
    context = {"form": form, "permissions": may}
    return render(request, "staff/profile.html", context, status=status)
