"""URLs of this app's pages."""

from django.urls import path

from crm.views.customer_form import CustomerEdit, CustomerNew, CustomerOptions
from crm.views.customer_list import CustomerList
from crm.views.customer_page import CustomerPage, CustomerPanelFragment
from crm.views.imports import Imports, import_urls
from crm.views.interaction import (
    CustomerInteractionLog,
    InteractionDelete,
    InteractionEdit,
    InteractionNew,
    InteractionPage,
)
from crm.views.interaction_list import InteractionList

urlpatterns = [
    path("interactions/", InteractionList.as_view(), name="interactions"),
    path("interactions/new/", InteractionNew.as_view(), name="interaction_new"),
    path("interactions/<int:pk>/", InteractionPage.as_view(), name="interaction"),
    path("interactions/<int:pk>/edit/", InteractionEdit.as_view(), name="interaction_edit"),
    path("interactions/<int:pk>/delete/", InteractionDelete.as_view(), name="interaction_delete"),
    path("imports/", Imports.as_view(), name="imports"),
    *import_urls(),
    path("customers/", CustomerList.as_view(), name="customers"),
    path("customers/new/", CustomerNew.as_view(), name="customer_new"),
    path("customers/options/", CustomerOptions.as_view(), name="customer_options"),
    path("customers/<int:pk>/", CustomerPage.as_view(), name="customer"),
    path("customers/<int:pk>/edit/", CustomerEdit.as_view(), name="customer_edit"),
    path(
        "customers/<int:pk>/interactions/",
        CustomerInteractionLog.as_view(),
        name="customer_interaction_log",
    ),
    path(
        "customers/<int:pk>/panels/<slug:slug>/",
        CustomerPanelFragment.as_view(),
        name="customer_panel",
    ),
]
