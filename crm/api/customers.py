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
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from common.errors import StaleError
from core.api.errors import PreconditionRequired
from core.api.resources import requesting_user, require_user
from core.fields.kinds import Reference
from crm.api.filters import CustomerFilters
from crm.api.serializers import CustomerChangeSerializer, CustomerSerializer
from crm.fields import CUSTOMER
from crm.models import Customer
from crm.models.customer import CustomerQuerySet
from crm.services.customer import create_customer, update_customer

ETAG = OpenApiParameter(
    "ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=True, required=True,
    description="The record's version: send it back as If-Match to change the record.",
)  # fmt: skip
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True,
    description='The ETag the change is based on, for example "3"; * for whatever there is.',
)  # fmt: skip


class CustomerResource(GenericAPIView[Customer]):
    """What both addresses share: the caller's customers, and how one is answered."""

    permission = Permission.CUSTOMER_VIEW
    write_permission = Permission.CUSTOMER_EDIT
    serializer_class = CustomerSerializer

    def get_queryset(self) -> CustomerQuerySet:
        """Return the caller's customers; a parent group they do not see is left out."""
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

    def answer(self, customer: Customer, status_code: int = status.HTTP_200_OK) -> Response:
        """Return one customer with its version as ETag."""
        data = self.get_serializer(customer).data
        return Response(data, status=status_code, headers={"ETag": f'"{customer.version}"'})

    def values(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """Return the values sent, related records found; raise ValidationError."""
        kind = CustomerChangeSerializer if partial else CustomerSerializer
        context = self.get_serializer_context()
        serializer = kind(data=request.data, partial=partial, context=context)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


@extend_schema_view(
    get=extend_schema(operation_id="customers_list", summary="List the customers you see"),
)
class CustomerList(CustomerResource, ListAPIView[Customer]):
    """The caller's customers."""

    filterset_class = CustomerFilters

    @extend_schema(
        operation_id="customers_create",
        summary="Create a customer",
        parameters=[ETAG],
        responses={201: CustomerSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a customer and answer it."""
        made = create_customer(actor=require_user(request), **self.values(request))
        customer = self.get_queryset().get(pk=made.pk)
        return self.answer(customer, status.HTTP_201_CREATED)


@extend_schema_view(
    get=extend_schema(
        operation_id="customers_read", summary="Read a customer by id", parameters=[ETAG]
    ),
)
class CustomerDetail(CustomerResource):
    """One customer, by id."""

    def get(self, request: Request, pk: int) -> Response:
        """Answer the customer."""
        return self.answer(self.get_queryset().get(pk=pk))

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
        """Change the fields sent and answer the customer as it now is."""
        customer = Customer.objects.visible_to(require_user(request)).only("version").get(pk=pk)
        version = _based_on(request, customer)
        changes = self.values(request, partial=True)
        update_customer(customer_id=pk, actor=require_user(request), version=version, **changes)
        seen = self.get_queryset().filter(pk=pk).first()
        return self.answer(seen) if seen else Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(
    get=extend_schema(
        operation_id="customers_read_by_code", summary="Read a customer by code", parameters=[ETAG]
    ),
)
class CustomerByCode(CustomerResource):
    """One customer, by code."""

    def get(self, request: Request, code: str) -> Response:
        """Answer the customer."""
        return self.answer(self.get_queryset().get(code=code))


def _based_on(request: Request, customer: Customer) -> int | None:
    """Return the version the caller's change is based on; None for whatever there is.

    Raises PreconditionRequired without If-Match, StaleError when none of its tags is current.
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
