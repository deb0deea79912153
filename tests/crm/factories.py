"""Factories of customers, transactions, interactions and import batches."""

from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import OrgUnit, User
from crm.models import BillingSystem, Customer, ImportBatch, Interaction, Transaction
from crm.models.batch import BatchKind
from crm.models.transaction import TransactionKind
from tests.history import fixture_changes

_numbers = count(1)  # for unique codes, names and external ids


def make_customer(
    unit: OrgUnit,
    *,
    code: str = "",
    name: str = "",
    owner: User | None = None,
    parent: Customer | None = None,
    stage: str = "signed",
) -> Customer:
    """Make a customer of a unit; without an owner it is in the unit's public pool.

    Without ``code`` and ``name`` it gets unique ones.
    """
    number = next(_numbers)
    with fixture_changes():
        return Customer.objects.create(
            code=code or f"C{number:06}",
            name=name or f"华天科技 {number} 有限公司",
            unit=unit,
            owner=owner,
            parent=parent,
            stage=stage,
        )


def make_batch(actor: User) -> ImportBatch:
    """Make an import batch without rows: every transaction must belong to a batch."""
    return ImportBatch.objects.create(
        kind=BatchKind.TRANSACTIONS,
        file_name="test.csv",
        sha256="0" * 64,
        actor=actor,
        channel="test",
    )


def make_transaction(
    customer: Customer, *, on: date, amount: str, batch: ImportBatch, external_id: str = ""
) -> Transaction:
    """Make a bill, or a refund where the amount is negative."""
    with fixture_changes():
        system, _created = BillingSystem.objects.get_or_create(
            code="test", defaults={"name_zh": "测试", "name_en": "Test"}
        )
    value = Decimal(amount)
    return Transaction.objects.create(
        customer=customer,
        amount=value,
        occurred_on=on,
        batch=batch,
        billing_system=system,
        kind=TransactionKind.REFUND if value < 0 else TransactionKind.BILL,
        currency="CNY",
        external_id=external_id or f"T{next(_numbers):08}",
    )


def make_interaction(
    customer: Customer, user: User, *, at: datetime | None = None, **values: Any
) -> Interaction:
    """Make a phone call with a customer, now or at another time; ``values`` are its fields."""
    number = next(_numbers)
    defaults = {"channel": "phone", "phase": "pre_sale", "content": f"谈了第 {number} 份报价"}
    with fixture_changes():
        return Interaction.objects.create(
            customer=customer, user=user, occurred_at=at or timezone.now(), **(defaults | values)
        )
