"""The lists of this app, a module for each, and what they add to other lists."""

from crm.listing.customer_interactions import InteractionsOfCustomers
from crm.listing.customers import CUSTOMER_LIST
from crm.listing.interactions import INTERACTION_LIST
from crm.listing.transactions import TRANSACTION_LIST

__all__ = [
    "CUSTOMER_LIST",
    "INTERACTION_LIST",
    "TRANSACTION_LIST",
    "InteractionsOfCustomers",
]
