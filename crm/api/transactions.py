"""REST: the list of transactions."""

from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view

from accounts.permissions import Permission
from core.api.listing import ListResource
from core.api.resources import requesting_user
from crm.api.serializers import TransactionSerializer
from crm.listing import TRANSACTION_LIST
from crm.models import Transaction


@extend_schema_view(
    get=extend_schema(
        operation_id="transactions_list",
        summary="List the transactions of the customers you see, latest arrival first",
    )
)
class TransactionList(ListResource):
    """The transactions of the customers the user sees."""

    permission = Permission.TRANSACTION_VIEW
    list_declaration = TRANSACTION_LIST
    serializer_class = TransactionSerializer

    def get_queryset(self) -> QuerySet[Transaction]:
        """Return the transactions with the codes of the records they refer to."""
        transactions = Transaction.objects.visible_to(requesting_user(self))
        return transactions.annotate(
            customer_code=F("customer__code"), billing_system_code=F("billing_system__code")
        )
