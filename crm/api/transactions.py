"""REST: the list of transactions."""

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
    """The transactions of the customers the user sees."""

    permission = Permission.TRANSACTION_VIEW
    serializer_class = TransactionSerializer
    filterset_class = TransactionFilters

    def get_queryset(self) -> QuerySet[Transaction]:
        """Return the transactions with the records the serializer needs."""
        return Transaction.objects.visible_to(requesting_user(self)).select_related(
            "customer", "billing_system"
        )
