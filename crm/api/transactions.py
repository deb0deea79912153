"""REST: transactions, listed."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView

from accounts.permissions import Permission
from core.api.resources import requesting_user
from crm.api.filters import TransactionFilters
from crm.api.serializers import TransactionSerializer
from crm.models import Transaction


@extend_schema_view(
    get=extend_schema(
        operation_id="transactions_list",
        summary="List the transactions of the customers you see, latest arrival first",
    )
)
class TransactionList(ListAPIView[Transaction]):
    """Transactions of the caller's customers."""

    permission = Permission.TRANSACTION_VIEW
    serializer_class = TransactionSerializer
    filterset_class = TransactionFilters

    def get_queryset(self) -> QuerySet[Transaction]:
        """Return the transactions of the customers the caller sees."""
        return Transaction.objects.visible_to(requesting_user(self)).select_related(
            "customer", "billing_system"
        )
