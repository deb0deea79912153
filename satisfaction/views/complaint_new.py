"""Taking a complaint into the register."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from crm.models import Customer
from satisfaction.forms.complaint import OpenForm
from satisfaction.models import Complaint
from satisfaction.services.complaint import open_complaint


class ComplaintNew(Page):
    """The form, with the customer filled in when one comes from the customer's page."""

    permission = Permission.COMPLAINT_WORK

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the form; 404 for a customer out of scope."""
        asked = request.GET.get("customer", "")
        form = OpenForm(request.user, initial={"customer": asked})
        if asked and form.chosen is None:
            raise Http404
        return _page(request, form)

    def post(self, request: AuthedRequest) -> HttpResponse:
        """Open the complaint and go to it, or say what is wrong and keep what was typed."""
        form = OpenForm(request.user, request.POST)
        if form.is_valid():
            complaint = _opened(request, form)
            if complaint is not None:
                text = _("Complaint %(number)s opened") % {"number": complaint.number}
                messages.success(request, text)
                return redirect("complaint", pk=complaint.pk)
        return _page(request, form, status=422)


def _opened(request: AuthedRequest, form: OpenForm) -> Complaint | None:
    given = form.cleaned_data
    try:
        return open_complaint(
            customer_id=given["customer"].pk,
            title=given["title"],
            description=given["description"],
            owner=given["owner"],
            actor=request.user,
        )
    except Customer.DoesNotExist:
        form.add_error("customer", _("Not found or not yours"))
    except ValidationError as error:
        form.add_error(None, error)
    return None


def _page(request: AuthedRequest, form: OpenForm, *, status: int = 200) -> HttpResponse:
    return render(request, "satisfaction/complaint_new.html", {"form": form}, status=status)
