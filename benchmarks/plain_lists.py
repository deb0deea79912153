"""Lists of customers as Django REST framework alone makes them, to compare the API's list with.

They have the same fields of the same table, but related records by id, no scoping, no masking and
no filters. ``urlpatterns`` adds them to the product's addresses.
"""

from django.urls import include, path
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination, LimitOffsetPagination

from core.api.permissions import SignedIn
from crm.fields import CUSTOMER_FIELDS
from crm.models import Customer


class PlainCustomerSerializer(serializers.ModelSerializer[Customer]):
    """The columns of a customer that the API's list has too."""

    class Meta:
        model = Customer
        fields = [
            "id", "version", "created_at", "updated_at", "custom_values",
            *(field.name for field in CUSTOMER_FIELDS),
        ]  # fmt: skip


class NewestFirst(CursorPagination):
    """Pages by cursor, in the order of the API's list."""

    ordering = "-pk"
    page_size_query_param = "page_size"


class PlainList(ListAPIView[Customer]):
    """The base of the plain lists: the authentication of the API, and no filters."""

    permission_classes = [SignedIn]
    filter_backends = ()
    serializer_class = PlainCustomerSerializer


class CursorList(PlainList):
    """Pages by cursor."""

    queryset = Customer.objects.all()
    pagination_class = NewestFirst


class OffsetList(PlainList):
    """Pages by limit and offset, which count all rows."""

    queryset = Customer.objects.order_by("-pk")
    pagination_class = LimitOffsetPagination


urlpatterns = [
    path("plain/cursor/", CursorList.as_view(), name="plain-cursor"),
    path("plain/offset/", OffsetList.as_view(), name="plain-offset"),
    path("", include("config.urls")),
]
