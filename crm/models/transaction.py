"""Transactions: bills, orders and refunds, tens of millions of narrow rows.

The table is not partitioned by date, because a correction may change the date of a row that is
identified by (billing system, external id). docs/adr/0006 has the measurements.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser
from common.money import MinorUnitsField
from common.statement_references import statement_references
from crm.models.batch import ImportBatch
from crm.models.customer import Customer, customer_visibility_filter
from crm.models.reference import BillingSystem

MAX_EXTERNAL_ID_LENGTH = 100


class TransactionKind(models.IntegerChoices):
    """The kind of a transaction. A refund has a negative amount, the others zero or more."""

    BILL = 1, _("Bill")
    ORDER = 2, _("Order")
    REFUND = 3, _("Refund")


@statement_references("customer", "batch", "billing_system")
class Transaction(ScopedModel):
    """One bill, order or refund.

    ``amount`` is a Decimal in Python and hundredths in the database. ``external_id`` is the number
    that the billing system gave it, or was derived by the import. The columns of fixed width are
    declared from wide to narrow, because PostgreSQL would otherwise pad them, in each of millions
    of rows.

    Only ``billing_system`` and ``external_id`` together, and ``customer``, are looked up. Both have
    an index below, so the foreign keys get none of their own. Triggers check the foreign keys for
    all rows of a statement together, because a check of each row takes longer than writing it.
    """

    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="transactions",
        db_index=False,
        db_constraint=False,
        verbose_name=_("customer"),
    )
    amount = MinorUnitsField(_("amount"))
    occurred_on = models.DateField(_("date"))
    batch = models.ForeignKey(
        ImportBatch,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        verbose_name=_("import"),
    )
    billing_system = models.ForeignKey(
        BillingSystem,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        verbose_name=_("billing system"),
    )
    kind = models.SmallIntegerField(_("kind"), choices=TransactionKind.choices)
    currency = models.CharField(_("currency"), max_length=3)
    external_id = models.CharField(
        _("external id"), max_length=MAX_EXTERNAL_ID_LENGTH, db_collation="C"
    )

    objects = ScopedQuerySet["Transaction"].as_manager()

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        ordering = ["-occurred_on", "-pk"]
        indexes = [
            # Scoring and the revenue of the customer page read only this index, not the table.
            models.Index(
                fields=["customer", "occurred_on"],
                include=["amount"],
                name="crm_transaction_customer_date",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["billing_system", "external_id"], name="crm_transaction_external_id_unique"
            ),
            models.CheckConstraint(
                name="crm_transaction_kind_known", condition=Q(kind__in=TransactionKind.values)
            ),
            models.CheckConstraint(
                name="crm_transaction_only_refunds_negative",
                condition=Q(kind=TransactionKind.REFUND, amount__lt=0)
                | (~Q(kind=TransactionKind.REFUND) & Q(amount__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occurred_on} {self.amount}"

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Return the filter for the transactions of the customers that the user sees."""
        return customer_visibility_filter(user)
