"""Reads of complaints that more than one page needs. Whoever looks comes first."""

from accounts.models import User
from crm.models import Customer
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import ComplaintQuerySet


def complaints_with_names(user: User) -> ComplaintQuerySet:
    """Return the complaints the person sees, with what a row of a list shows."""
    return Complaint.objects.visible_to(user).select_related("customer", "owner")


def timeline(user: User, complaint: Complaint) -> list[ComplaintEntry]:
    """Return a complaint's entries with their authors, oldest first."""
    entries = ComplaintEntry.objects.visible_to(user).filter(complaint=complaint)
    return list(entries.select_related("author").order_by("pk"))


def latest_of_customer(user: User, customer: Customer, *, limit: int) -> list[Complaint]:
    """Return a customer's open complaints and then its closed ones, the newest of each first."""
    return list(complaints_with_names(user).filter(customer=customer).open_first()[:limit])


def longest_open(user: User, *, limit: int) -> list[Complaint]:
    """Return the open complaints the person sees, oldest first."""
    return list(complaints_with_names(user).open().order_by("opened_at", "pk")[:limit])
