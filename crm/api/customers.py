"""REST: customers."""

from typing import Any

from django.db.models import Prefetch
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from common.errors import StaleError
from core.api.errors import PreconditionRequired
from core.api.listing import ListResource
from core.api.resources import requesting_user, require_user
from core.fields.reference import Reference
from crm.api.serializers import CustomerChangeSerializer, CustomerSerializer
from crm.fields import CUSTOMER
from crm.listing import CUSTOMER_LIST
from crm.models import Customer
from crm.models.customer import CustomerQuerySet
from crm.services.customer import create_customer, update_customer

ETAG = OpenApiParameter(
    "ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=True, required=True,
    description="The record's version: send it back as If-Match to change the record.",
)  # fmt: skip
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True,
    description='The ETag the change is based on, for example "3"; * for any version.',
)  # fmt: skip


class CustomerResource(GenericAPIView[Customer]):
    """The base of the views of customers: queryset, response and submitted values."""

    permission = Permission.CUSTOMER_VIEW
    write_permission = Permission.CUSTOMER_EDIT
    serializer_class = CustomerSerializer

    def get_queryset(self) -> CustomerQuerySet:
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

    def customer_response(
        self, customer: Customer, status_code: int = status.HTTP_200_OK
    ) -> Response:
        """Return the response for one customer, with its version as ETag."""
        data = self.get_serializer(customer).data
        return Response(data, status=status_code, headers={"ETag": f'"{customer.version}"'})

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
        version = _required_version(request, customer)
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


def _required_version(request: Request, customer: Customer) -> int | None:
    """Return the version that If-Match requires; None for ``*``, which matches any version.

    Raises PreconditionRequired without If-Match, StaleError if none of its tags is current.
    """
    tags = parse_etags(request.headers.get("If-Match", ""))
    if not tags:
        raise PreconditionRequired(
            _("Say in If-Match which state the change is based on: the ETag you read.")
        )
    if tags == ["*"]:
        return None
    if f'"{customer.version}"' not in tags:
        raise StaleError
    return customer.version
