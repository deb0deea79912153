"""REST: customers."""

from functools import cache
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import Permission
from core.api.fields import key_annotation, related_key
from core.api.record_fields import related_keys
from core.api.records import RecordDetail, RecordList, RecordResource
from core.api.resources import requesting_user
from core.api.versions import ETAG, IF_MATCH
from crm.api.serializers import CustomerChangeSerializer, CustomerSerializer
from crm.fields import CUSTOMER
from crm.listing import CUSTOMER_LIST
from crm.models import Customer
from crm.models.customer import CustomerQuerySet
from crm.services.customer import create_customer, update_customer


@cache
def _customers_with_keys() -> CustomerQuerySet:
    """Return all customers with the keys of related records, to be restricted before it is read.

    It is made once, because Django takes about a millisecond to resolve the annotations.
    """
    return Customer.objects.annotate(**related_keys(CUSTOMER))


class CustomerResource(RecordResource):
    """The base of the views of customers."""

    permission = Permission.CUSTOMER_VIEW
    write_permission = Permission.CUSTOMER_EDIT
    record_type = CUSTOMER
    serializer_class = CustomerSerializer
    change_serializer_class = CustomerChangeSerializer

    def get_queryset(self) -> QuerySet[Any]:
        """Return the customers the user sees with the keys of related records.

        That of a parent group hidden from the user is None.
        """
        user = requesting_user(self)
        parents = Customer.objects.visible_to(user)
        keys = {key_annotation("parent"): related_key("parent", "code", parents)}
        return _customers_with_keys().visible_to(user).annotate(**keys)


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
