"""Reads of complaints that several pages need. Each returns only what the user may see."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from core.history import Change, file_changes
from crm.models import Customer
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import ComplaintQuerySet

FILE_ADDED, FILE_REMOVED = "file_added", "file_removed"  # kinds of items besides EntryKind
MAX_FILE_CHANGES = 500  # in one timeline, the latest


def complaints_with_names(user: User) -> ComplaintQuerySet:
    """Return the visible complaints; their customers and owners come with the same query."""
    return Complaint.objects.visible_to(user).select_related("customer", "owner")


@dataclass(frozen=True)
class TimelineItem:
    """An item of a complaint's timeline; ``kind`` is an EntryKind, FILE_ADDED or FILE_REMOVED."""

    kind: str
    user_name: str
    text: str
    at: datetime


def timeline(user: User, complaint: Complaint) -> list[TimelineItem]:
    """Return the entries of a complaint and the changes of its files, oldest first.

    Takes at most three queries.
    """
    entries = ComplaintEntry.objects.visible_to(user).filter(complaint=complaint)
    items = [
        TimelineItem(entry.kind, entry.author.name, entry.text, entry.at)
        for entry in entries.select_related("author").order_by("pk")
    ]
    items += [
        _file_item(change) for change in file_changes(complaint, limit=MAX_FILE_CHANGES)[::-1]
    ]
    return sorted(items, key=lambda item: item.at)


def _file_item(change: Change) -> TimelineItem:
    (field,) = change.fields
    kind = FILE_ADDED if field.after else FILE_REMOVED
    return TimelineItem(kind, change.user_name, field.after or field.before, change.at)


def complaints_of_customer(user: User, customer: Customer, *, limit: int) -> list[Complaint]:
    """Return a customer's open complaints, then its closed ones, the newest of each first."""
    return list(complaints_with_names(user).filter(customer=customer).open_first()[:limit])


def oldest_open_complaints(user: User, *, limit: int) -> list[Complaint]:
    """Return the visible complaints that have been open for longest, the oldest first."""
    return list(complaints_with_names(user).open().order_by("opened_at", "pk")[:limit])
