"""Every write to a complaint: open, comment, close, reopen."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from common.errors import RefusedError, StaleError
from crm.models import Customer
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import TEXT_LENGTH, EntryKind, State
from satisfaction.services.numbering import take_numbers


def open_complaint(
    *, customer_id: int, title: str, description: str, actor: User, owner: User | None = None
) -> Complaint:
    """Take a complaint of a customer into the register and return it with its number.

    ``owner`` looks after it (the actor when not given) and must be able to: active, allowed to work
    on complaints, seeing the customer. Raises PermissionDenied, Customer.DoesNotExist out of scope,
    or ValidationError naming the field.
    """
    authorise(actor, Permission.COMPLAINT_WORK)
    with audited_transaction(actor, Action.COMPLAINT_OPEN):
        customer = Customer.objects.visible_to(actor).get(pk=customer_id)
        complaint = Complaint(
            customer=customer,
            title=" ".join(title.split()),
            description=description.strip(),
            opened_at=timezone.now(),
            opened_by=actor,
            owner=owner or actor,
        )
        _check_owner(complaint)
        complaint.clean_fields(exclude=["number", "customer", "opened_by", "owner"])
        day = timezone.localdate(complaint.opened_at)
        (complaint.number,) = take_numbers(day=day, count=1)
        complaint.save()
        _add_entry(complaint, EntryKind.RECEIVED, "", actor=actor, at=complaint.opened_at)
    return complaint


def comment_on_complaint(*, complaint_id: int, text: str, actor: User) -> Complaint:
    """Add a comment, in whatever state the complaint is, and return the complaint.

    Two who comment at once are both right, so there is no version to give; but whoever closes or
    reopens on what they read before gets StaleError. Raises PermissionDenied,
    Complaint.DoesNotExist out of scope, or ValidationError naming ``text``.
    """
    authorise(actor, Permission.COMPLAINT_WORK)
    text = _said("text", text, _("Write the comment."))
    with audited_transaction(actor, Action.COMPLAINT_COMMENT):
        complaint = _locked(complaint_id, actor=actor)
        complaint.version += 1
        complaint.save(update_fields=["version"])
        _add_entry(complaint, EntryKind.COMMENT, text, actor=actor, at=timezone.now())
    return complaint


def close_complaint(
    *, complaint_id: int, resolution: str, actor: User, version: int | None = None
) -> Complaint:
    """Close an open complaint with what was done about it, and return it.

    ``version`` is the version the decision was based on; StaleError when something happened since.
    Raises PermissionDenied, Complaint.DoesNotExist out of scope, ValidationError naming
    ``resolution``, or RefusedError ``complaint_closed``.
    """
    authorise(actor, Permission.COMPLAINT_WORK)
    resolution = _said("resolution", resolution, _("Write what was done about it."))
    with audited_transaction(actor, Action.COMPLAINT_CLOSE):
        complaint = _locked(complaint_id, actor=actor)
        if not complaint.is_open:
            raise RefusedError("complaint_closed", _("This complaint is closed already."))
        _check_version(complaint, version)
        now = timezone.now()
        complaint.state, complaint.closed_at, complaint.closed_by = State.CLOSED, now, actor
        complaint.resolution = resolution
        complaint.version += 1
        complaint.save()
        _add_entry(complaint, EntryKind.CLOSED, resolution, actor=actor, at=now)
    return complaint


def reopen_complaint(
    *, complaint_id: int, reason: str, actor: User, version: int | None = None
) -> Complaint:
    """Open a closed complaint again and return it; the old resolution stays in the timeline.

    ``version`` as in :func:`close_complaint`. Raises PermissionDenied, Complaint.DoesNotExist out
    of scope, ValidationError naming ``reason``, StaleError, or RefusedError ``complaint_open``.
    """
    authorise(actor, Permission.COMPLAINT_WORK)
    reason = _said("reason", reason, _("Write why it is opened again."))
    with audited_transaction(actor, Action.COMPLAINT_REOPEN, reason=reason):
        complaint = _locked(complaint_id, actor=actor)
        if complaint.is_open:
            raise RefusedError("complaint_open", _("This complaint is open already."))
        _check_version(complaint, version)
        complaint.state = State.REOPENED
        complaint.closed_at = complaint.closed_by = None
        complaint.resolution = ""
        complaint.version += 1
        complaint.save()
        _add_entry(complaint, EntryKind.REOPENED, reason, actor=actor, at=timezone.now())
    return complaint


def _locked(complaint_id: int, *, actor: User) -> Complaint:
    return Complaint.objects.visible_to(actor).select_for_update(of=["self"]).get(pk=complaint_id)


def _check_version(complaint: Complaint, version: int | None) -> None:
    if version is not None and version != complaint.version:
        raise StaleError


def _check_owner(complaint: Complaint) -> None:
    owner = complaint.owner
    sees_it = Customer.objects.visible_to(owner).filter(pk=complaint.customer_id).exists()
    if not (sees_it and owner.may(Permission.COMPLAINT_WORK)):
        message = _("This person cannot look after it: no access to the customer or to complaints.")
        raise ValidationError({"owner": message})


def _said(field: str, text: str, missing: str) -> str:
    """Return the text without blanks around it; raise ValidationError for none or too much."""
    text = text.strip()
    if not text:
        raise ValidationError({field: missing})
    if len(text) > TEXT_LENGTH:
        message = _("Keep it to %(limit)d characters.") % {"limit": TEXT_LENGTH}
        raise ValidationError({field: message})
    return text


def _add_entry(complaint: Complaint, kind: str, text: str, *, actor: User, at: datetime) -> None:
    ComplaintEntry.objects.create(complaint=complaint, kind=kind, text=text, author=actor, at=at)
