"""The page that opens a new complaint."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from crm.models import Customer
from satisfaction.forms.complaint import NewComplaintForm
from satisfaction.models import Complaint
from satisfaction.services.complaint import open_complaint


class ComplaintNew(Page):
    """The form for a new complaint. The URL parameter ``customer`` (an id) presets its customer."""

    permission = Permission.COMPLAINT_WORK

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the form; 404 for a customer the user may not see."""
        customer_id = request.GET.get("customer", "")
        form = NewComplaintForm(request.user, initial={"customer": customer_id})
        if customer_id and form.selected_customer is None:
            raise Http404
        return _render_form(request, form)

    def post(self, request: AuthedRequest) -> HttpResponse:
        """Open the complaint and redirect to its page, or show the form with its errors (422)."""
        form = NewComplaintForm(request.user, request.POST)
        if form.is_valid():
            complaint = _open_complaint(request, form)
            if complaint is not None:
                text = _("Complaint %(number)s opened") % {"number": complaint.number}
                messages.success(request, text)
                return redirect("complaint", pk=complaint.pk)
        return _render_form(request, form, status=422)


def _open_complaint(request: AuthedRequest, form: NewComplaintForm) -> Complaint | None:
    """Call the service and return the new complaint.

    If the service refuses it, add the errors to the form and return None.
    """
    values = form.cleaned_data
    try:
        return open_complaint(
            customer_id=values["customer"].pk,
            title=values["title"],
            description=values["description"],
            owner=values["owner"],
            actor=request.user,
        )
    except Customer.DoesNotExist:  # since the form was validated, the user has lost sight of it
        form.add_error("customer", _("Not found or not yours"))
    except ValidationError as error:
        form.add_error(None, error)
    return None


def _render_form(
    request: AuthedRequest, form: NewComplaintForm, *, status: int = 200
) -> HttpResponse:
    return render(request, "satisfaction/complaint_new.html", {"form": form}, status=status)
