"""Reads of interactions for pages and lists.

An interaction is seen with its customer, which the calling code has read through ``visible_to``.
"""

from django.db.models import OuterRef, Subquery

from accounts.models import User
from crm.models import Customer, Interaction
from crm.models.interaction import InteractionChannel, InteractionQuerySet


def latest_interactions(customer: Customer, *, limit: int) -> list[Interaction]:
    """Return a customer's last interactions with the users who had them, newest first."""
    interactions = Interaction.objects.filter(customer=customer).select_related("user")
    return list(interactions.order_by("-occurred_at", "-pk")[:limit])


def interactions_of_outer_customer() -> InteractionQuerySet:
    """Return the interactions of each customer of an outer query, for Exists."""
    return Interaction.objects.filter(customer=OuterRef("pk"))


def interactions_of_seen_customers(_user: User) -> InteractionQuerySet:
    """Return all interactions, for a relation of a list of customers that the user may see."""
    return Interaction.objects.all()


def last_interaction_at() -> Subquery:
    """Return the time of the last interaction with each customer of an outer query."""
    newest = interactions_of_outer_customer().order_by("-occurred_at")
    return Subquery(newest.values("occurred_at")[:1])


def later_interactions() -> InteractionQuerySet:
    """Return those with the same customer that are later than each one of an outer query."""
    return Interaction.objects.filter(
        customer=OuterRef("customer"), occurred_at__gt=OuterRef("occurred_at")
    )


def last_channel(user: User) -> str:
    """Return the channel of the user's last interaction; phone if there is none."""
    newest = Interaction.objects.visible_to(user).filter(user=user).order_by("-occurred_at")
    channel = newest.values_list("channel", flat=True).first()
    return channel or InteractionChannel.PHONE
