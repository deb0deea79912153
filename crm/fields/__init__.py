"""The declared fields of this app's record types, a module for each."""

from crm.fields.customer import CUSTOMER, CUSTOMER_FIELDS, CUSTOMER_REFERENCE
from crm.fields.interaction import INTERACTION, INTERACTION_FIELDS

__all__ = [
    "CUSTOMER",
    "CUSTOMER_FIELDS",
    "CUSTOMER_REFERENCE",
    "INTERACTION",
    "INTERACTION_FIELDS",
]
