"""URLs of this app's REST API."""

from django.urls import path, re_path

from crm.api.bulk import InteractionBulk, TransactionBulk
from crm.api.customers import CustomerByCode, CustomerDetail, CustomerList
from crm.api.interactions import InteractionDetail, InteractionList
from crm.api.reference import (
    BillingSystemList,
    CategoryList,
    GradeList,
    IndustryList,
    SourceList,
)
from crm.api.transactions import TransactionList

urlpatterns = [
    path("customers/", CustomerList.as_view(), name="api-customers"),
    path("customers/<int:pk>/", CustomerDetail.as_view(), name="api-customer"),
    # A code may contain slashes and dots.
    re_path(
        r"^customers/by-code/(?P<code>[0-9A-Za-z][0-9A-Za-z._/-]{0,39})/$",
        CustomerByCode.as_view(),
        name="api-customer-by-code",
    ),
    path("interactions/", InteractionList.as_view(), name="api-interactions"),
    path("interactions/bulk/", InteractionBulk.as_view(), name="api-interactions-bulk"),
    path("interactions/<int:pk>/", InteractionDetail.as_view(), name="api-interaction"),
    path("transactions/", TransactionList.as_view(), name="api-transactions"),
    path("industries/", IndustryList.as_view(), name="api-industries"),
    path("sources/", SourceList.as_view(), name="api-sources"),
    path("categories/", CategoryList.as_view(), name="api-categories"),
    path("grades/", GradeList.as_view(), name="api-grades"),
    path("billing-systems/", BillingSystemList.as_view(), name="api-billing-systems"),
    path("transactions/bulk/", TransactionBulk.as_view(), name="api-transactions-bulk"),
]
