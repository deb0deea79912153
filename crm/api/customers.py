"""REST: customers."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import Permission
from core.api.records import ETAG, IF_MATCH, RecordDetail, RecordList, RecordResource
from core.api.resources import requesting_user
from core.fields.reference import Reference
from crm.api.serializers import CustomerChangeSerializer, CustomerSerializer
from crm.fields import CUSTOMER
from crm.listing import CUSTOMER_LIST
from crm.models import Customer
from crm.services.customer import create_customer, update_customer


class CustomerResource(RecordResource):
    """The base of the views of customers."""

    permission = Permission.CUSTOMER_VIEW
    write_permission = Permission.CUSTOMER_EDIT
    record_type = CUSTOMER
    serializer_class = CustomerSerializer
    change_serializer_class = CustomerChangeSerializer

    def get_queryset(self) -> QuerySet[Any]:
        """Return the customers the user sees; a parent group hidden from them is None."""
        customers = Customer.objects.visible_to(requesting_user(self))
        parents = Customer.objects.visible_to(requesting_user(self)).only("pk", "code")
        related = [
            field.name
            for field in CUSTOMER.fields
            if isinstance(field.kind, Reference) and field.name != "parent"
        ]
        return customers.select_related(*related).prefetch_related(
            Prefetch("parent", queryset=parents)
        )


@extend_schema_view(
    get=extend_schema(operation_id="customers_list", summary="List the customers you see"),
    post=extend_schema(
        operation_id="customers_create",
        summary="Create a customer",
        parameters=[ETAG],
        responses={201: CustomerSerializer},
    ),
)
class CustomerList(CustomerResource, RecordList):
    """The customers the user sees."""

    list_declaration = CUSTOMER_LIST
    default_sort = "-id"

    def create_record(self, actor: User, values: dict[str, Any]) -> Customer:
        """Create a customer."""
        return create_customer(actor=actor, **values)


@extend_schema_view(
    get=extend_schema(
        operation_id="customers_read", summary="Read a customer by id", parameters=[ETAG]
    ),
    patch=extend_schema(
        operation_id="customers_update",
        summary="Change some fields of a customer",
        parameters=[IF_MATCH, ETAG],
        request=CustomerChangeSerializer,
        responses={
            200: CustomerSerializer,
            204: OpenApiResponse(description="Changed, and no longer among the customers you see."),
        },
    ),
)
class CustomerDetail(CustomerResource, RecordDetail):
    """One customer, by id."""

    def update_record(
        self, actor: User, pk: int, version: int | None, changes: dict[str, Any]
    ) -> None:
        """Change a customer."""
        update_customer(customer_id=pk, actor=actor, version=version, **changes)


@extend_schema_view(
    get=extend_schema(
        operation_id="customers_read_by_code", summary="Read a customer by code", parameters=[ETAG]
    ),
)
class CustomerByCode(CustomerResource):
    """One customer, by code."""

    def get(self, request: Request, code: str) -> Response:
        """Return the customer."""
        return self.record_response(self.get_queryset().get(code=code))
