"""Customers, transactions, interactions, imports and reference lists."""

from crm.models.batch import ImportBatch
from crm.models.customer import Customer
from crm.models.interaction import Interaction
from crm.models.reference import BillingSystem, Category, Grade, Industry, Source
from crm.models.transaction import Transaction

__all__ = [
    "BillingSystem",
    "Category",
    "Customer",
    "Grade",
    "ImportBatch",
    "Industry",
    "Interaction",
    "Source",
    "Transaction",
]
