"""All writes to complaints: open, comment, close, reopen.

Each service authorises the actor, changes the complaint and adds an entry to its timeline, in one
audited transaction, and returns the complaint. Those that change an existing complaint lock it.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import User
from accounts.permissions import Permission
from common.errors import RefusedError
from core.writing import get_locked, require_version
from crm.models import Customer
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import MAX_TEXT_LENGTH, EntryKind, State
from satisfaction.services.numbering import take_numbers


def open_complaint(
    *, customer_id: int, title: str, description: str, actor: User, owner: User | None = None
) -> Complaint:
    """Create a complaint of a customer and return it with its number.

    The ``owner`` is the user who looks after it, the actor by default. The owner must be active,
    hold COMPLAINT_WORK, and see the customer. Raises PermissionDenied, Customer.DoesNotExist for a
    customer the actor may not see, or ValidationError naming ``title``, ``description`` or
    ``owner``.
    """
    authorise(actor, Permission.COMPLAINT_WORK)
    with audited_transaction(actor, Action.COMPLAINT_OPEN):
        customer = Customer.objects.visible_to(actor).get(pk=customer_id)
        now = timezone.now()
        complaint = Complaint(
            customer=customer,
            title=" ".join(title.split()),
            description=description.strip(),
            opened_at=now,
            updated_at=now,
            opened_by=actor,
            owner=owner or actor,
        )
        _require_owner_access(complaint)
        complaint.clean_fields(exclude=["number", "customer", "opened_by", "owner"])
        # The number is taken after all checks, because other transactions then wait for this one.
        day = timezone.localdate(complaint.opened_at)
        (complaint.number,) = take_numbers(day=day, count=1)
        complaint.save()
        _add_entry(complaint, EntryKind.RECEIVED, "", actor=actor, at=complaint.opened_at)
    return complaint


def comment_on_complaint(*, complaint_id: int, text: str, actor: User) -> Complaint:
    """Add a comment to an open or closed complaint, and return the complaint.

    No version is checked, because two comments at once do not conflict. But the comment increments
    the version: a user who has not read it then gets StaleError for closing or reopening. Raises
    PermissionDenied, Complaint.DoesNotExist for a complaint the actor may not see, or
    ValidationError naming ``text``.
    """
    authorise(actor, Permission.COMPLAINT_WORK)
    text = _required_text("text", text, _("Write the comment."))
    with audited_transaction(actor, Action.COMPLAINT_COMMENT):
        complaint = get_locked(Complaint.objects.visible_to(actor), complaint_id)
        now = timezone.now()
        _mark_changed(complaint, now)
        complaint.save(update_fields=["version", "updated_at"])
        _add_entry(complaint, EntryKind.COMMENT, text, actor=actor, at=now)
    return complaint


def close_complaint(
    *, complaint_id: int, resolution: str, actor: User, version: int | None = None
) -> Complaint:
    """Close an open complaint with its resolution, and return it.

    ``version`` is the version the actor has read: StaleError is raised if it is not the current
    one. None skips the check. Raises PermissionDenied, Complaint.DoesNotExist for a complaint the
    actor may not see, ValidationError naming ``resolution``, or RefusedError ``complaint_closed``
    if it is closed already.
    """
    authorise(actor, Permission.COMPLAINT_WORK)
    resolution = _required_text("resolution", resolution, _("Write what was done about it."))
    with audited_transaction(actor, Action.COMPLAINT_CLOSE):
        complaint = get_locked(Complaint.objects.visible_to(actor), complaint_id)
        if not complaint.is_open:
            raise RefusedError("complaint_closed", _("This complaint is closed already."))
        require_version(complaint, version)
        now = timezone.now()
        complaint.state, complaint.closed_at, complaint.closed_by = State.CLOSED, now, actor
        complaint.resolution = resolution
        _mark_changed(complaint, now)
        complaint.save()
        _add_entry(complaint, EntryKind.CLOSED, resolution, actor=actor, at=now)
    return complaint


def reopen_complaint(
    *, complaint_id: int, reason: str, actor: User, version: int | None = None
) -> Complaint:
    """Reopen a closed complaint and return it; the old resolution stays in the timeline.

    ``version`` is as in ``close_complaint``. Raises PermissionDenied, Complaint.DoesNotExist for a
    complaint the actor may not see, ValidationError naming ``reason``, StaleError, or RefusedError
    ``complaint_open`` if it is open already.
    """
    authorise(actor, Permission.COMPLAINT_WORK)
    reason = _required_text("reason", reason, _("Write why it is opened again."))
    with audited_transaction(actor, Action.COMPLAINT_REOPEN, reason=reason):
        complaint = get_locked(Complaint.objects.visible_to(actor), complaint_id)
        if complaint.is_open:
            raise RefusedError("complaint_open", _("This complaint is open already."))
        require_version(complaint, version)
        complaint.state = State.REOPENED
        complaint.closed_at = complaint.closed_by = None
        complaint.resolution = ""
        now = timezone.now()
        _mark_changed(complaint, now)
        complaint.save()
        _add_entry(complaint, EntryKind.REOPENED, reason, actor=actor, at=now)
    return complaint


def _require_owner_access(complaint: Complaint) -> None:
    """Raise ValidationError unless the owner may see the customer and work on complaints.

    This includes that the owner is active: an inactive user sees no customer.
    """
    owner = complaint.owner
    may_see_customer = Customer.objects.visible_to(owner).filter(pk=complaint.customer_id).exists()
    if not (may_see_customer and owner.may(Permission.COMPLAINT_WORK)):
        message = _("This person cannot look after it: no access to the customer or to complaints.")
        raise ValidationError({"owner": message})


def _required_text(field: str, text: str, required_message: str) -> str:
    """Return the text without outer whitespace; raise ValidationError if it is empty or too long.

    The error is under the name ``field``.
    """
    text = text.strip()
    if not text:
        raise ValidationError({field: required_message})
    if len(text) > MAX_TEXT_LENGTH:
        message = _("Keep it to %(limit)d characters.") % {"limit": MAX_TEXT_LENGTH}
        raise ValidationError({field: message})
    return text


def _mark_changed(complaint: Complaint, at: datetime) -> None:
    complaint.version += 1
    complaint.updated_at = at


def _add_entry(
    complaint: Complaint, kind: EntryKind, text: str, *, actor: User, at: datetime
) -> None:
    ComplaintEntry.objects.create(complaint=complaint, kind=kind, text=text, author=actor, at=at)
