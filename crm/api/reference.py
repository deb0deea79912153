"""REST: the reference lists, read-only. Administrators edit them in the administration."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from accounts.permissions import Permission
from core.api.fields import related_key
from core.api.listing import ListResource
from crm.models import BillingSystem, Category, Grade, Industry, Source
from crm.reference_listing import (
    BILLING_SYSTEM_LIST,
    CATEGORY_LIST,
    GRADE_LIST,
    INDUSTRY_LIST,
    SOURCE_LIST,
)


class ReferenceEntrySerializer(serializers.Serializer[Any]):
    """An entry of a reference list, by whose code other records refer to it."""

    code = serializers.CharField()
    name = serializers.CharField(help_text="In the language of the request.")
    name_zh = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True)
    position = serializers.IntegerField()
    is_active = serializers.BooleanField(help_text="Whether new records may have it.")


class IndustrySerializer(ReferenceEntrySerializer):
    """An industry; a division has the code of its section."""

    section = serializers.CharField(allow_null=True)


class ReferenceResource(ListResource):
    """The base of the reference lists: every user who sees customers may read them."""

    permission = Permission.CUSTOMER_VIEW
    serializer_class: type[serializers.Serializer[Any]] = ReferenceEntrySerializer


@extend_schema_view(
    get=extend_schema(
        operation_id="industries_list", summary="List the industries of GB/T 4754-2017"
    )
)
class IndustryList(ReferenceResource):
    """Sections and divisions."""

    list_declaration = INDUSTRY_LIST
    serializer_class = IndustrySerializer
    queryset = Industry.objects.annotate(
        section=related_key("parent", "code", Industry.objects.all())
    )


@extend_schema_view(
    get=extend_schema(operation_id="sources_list", summary="List the sources of customers")
)
class SourceList(ReferenceResource):
    """How the company came to know its customers."""

    list_declaration = SOURCE_LIST
    queryset = Source.objects.all()


@extend_schema_view(
    get=extend_schema(operation_id="categories_list", summary="List the categories of customers")
)
class CategoryList(ReferenceResource):
    """The kinds of organisation."""

    list_declaration = CATEGORY_LIST
    queryset = Category.objects.all()


@extend_schema_view(
    get=extend_schema(
        operation_id="grades_list", summary="List the grades of customers, the highest first"
    )
)
class GradeList(ReferenceResource):
    """How important customers are."""

    list_declaration = GRADE_LIST
    queryset = Grade.objects.all()


@extend_schema_view(
    get=extend_schema(operation_id="billing_systems_list", summary="List the billing systems")
)
class BillingSystemList(ReferenceResource):
    """The systems that transactions come from."""

    list_declaration = BILLING_SYSTEM_LIST
    queryset = BillingSystem.objects.all()
