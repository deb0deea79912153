"""REST: customers."""

from functools import cache
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from core.api.fields import key_annotation, related_key
from core.api.listing import ListResource
from core.api.record_fields import related_keys
from core.api.resources import requesting_user, require_user
from core.api.versions import ETAG, IF_MATCH, etag_headers, required_version
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


class CustomerResource(GenericAPIView[Customer]):
    """The base of the views of customers: queryset, response and submitted values."""

    permission = Permission.CUSTOMER_VIEW
    write_permission = Permission.CUSTOMER_EDIT
    serializer_class = CustomerSerializer

    def get_queryset(self) -> QuerySet[Customer]:
        """Return the customers the user sees with the keys of related records.

        That of a parent group hidden from the user is None.
        """
        user = requesting_user(self)
        parents = Customer.objects.visible_to(user)
        keys = {key_annotation("parent"): related_key("parent", "code", parents)}
        return _customers_with_keys().visible_to(user).annotate(**keys)

    def customer_response(
        self, customer: Customer, status_code: int = status.HTTP_200_OK
    ) -> Response:
        """Return the response for one customer, with its version as ETag."""
        data = self.get_serializer(customer).data
        return Response(data, status=status_code, headers=etag_headers(customer.version))

    def submitted_values(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """Return the validated values for the service, with related records instead of their keys.

        ``partial`` is for a change: fields may be missing, and there may be a ``reason``. Raises
        ValidationError.
        """
        serializer_class = CustomerChangeSerializer if partial else CustomerSerializer
        context = self.get_serializer_context()
        serializer = serializer_class(data=request.data, partial=partial, context=context)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


@extend_schema_view(
    get=extend_schema(operation_id="customers_list", summary="List the customers you see"),
)
class CustomerList(CustomerResource, ListResource):
    """The customers the user sees."""

    list_declaration = CUSTOMER_LIST
    default_sort = "-id"

    @extend_schema(
        operation_id="customers_create",
        summary="Create a customer",
        parameters=[ETAG],
        responses={201: CustomerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a customer and return it."""
        created = create_customer(actor=require_user(request), **self.submitted_values(request))
        customer = self.get_queryset().get(pk=created.pk)
        return self.customer_response(customer, status.HTTP_201_CREATED)


@extend_schema_view(
    get=extend_schema(
        operation_id="customers_read", summary="Read a customer by id", parameters=[ETAG]
    ),
)
class CustomerDetail(CustomerResource):
    """One customer, by id."""

    def get(self, request: Request, pk: int) -> Response:
        """Return the customer."""
        return self.customer_response(self.get_queryset().get(pk=pk))

    @extend_schema(
        operation_id="customers_update",
        summary="Change some fields of a customer",
        parameters=[IF_MATCH, ETAG],
        request=CustomerChangeSerializer,
        responses={
            200: CustomerSerializer,
            204: OpenApiResponse(description="Changed, and no longer among the customers you see."),
        },
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change the submitted fields and return the customer."""
        customer = Customer.objects.visible_to(require_user(request)).only("version").get(pk=pk)
        version = required_version(request, customer.version)
        changes = self.submitted_values(request, partial=True)
        update_customer(customer_id=pk, actor=require_user(request), version=version, **changes)
        changed = self.get_queryset().filter(pk=pk).first()
        if changed is None:  # the change has hidden the customer from the user
            return Response(status=status.HTTP_204_NO_CONTENT)
        return self.customer_response(changed)


@extend_schema_view(
    get=extend_schema(
        operation_id="customers_read_by_code", summary="Read a customer by code", parameters=[ETAG]
    ),
)
class CustomerByCode(CustomerResource):
    """One customer, by code."""

    def get(self, request: Request, code: str) -> Response:
        """Return the customer."""
        return self.customer_response(self.get_queryset().get(code=code))
