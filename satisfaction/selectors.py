"""Reads of complaints that several pages need. Each returns only what the user may see."""

from accounts.models import User
from crm.models import Customer
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import ComplaintQuerySet


def complaints_with_names(user: User) -> ComplaintQuerySet:
    """Return the visible complaints; their customers and owners come with the same query."""
    return Complaint.objects.visible_to(user).select_related("customer", "owner")


def timeline(user: User, complaint: Complaint) -> list[ComplaintEntry]:
    """Return the entries of a complaint's timeline with their authors, oldest first."""
    entries = ComplaintEntry.objects.visible_to(user).filter(complaint=complaint)
    return list(entries.select_related("author").order_by("pk"))


def complaints_of_customer(user: User, customer: Customer, *, limit: int) -> list[Complaint]:
    """Return a customer's open complaints, then its closed ones, the newest of each first."""
    return list(complaints_with_names(user).filter(customer=customer).open_first()[:limit])


def oldest_open_complaints(user: User, *, limit: int) -> list[Complaint]:
    """Return the visible complaints that have been open for longest, the oldest first."""
    return list(complaints_with_names(user).open().order_by("opened_at", "pk")[:limit])
