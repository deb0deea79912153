"""Checks of the product's URLs: rows in the permission matrix, and permissions of the views.

An *address* is a URL pattern together with its view and the HTTP methods of the view. The
permission matrix needs a row for each name and method of an address.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.urls import URLPattern, URLResolver
from rest_framework.views import APIView

from accounts.permissions import Permission
from core.api.permissions import RolePermission, SignedIn
from core.pages import Page
from core.service_admin import ServiceModelAdmin
from tests.architecture.checks.model_facts import is_scoped

METHODS = ("get", "post", "put", "patch", "delete")
SAFE_METHODS = {"get"}
ADMIN = "admin"  # the namespace and the first part of the route of the administration's URLs
ADMIN_METHODS = ("get", "post")  # the methods that the administration's views distinguish

# URLs of the administration that are never reached: the product's own URL, whose name is the value,
# has the same route and is earlier in config/urls.py.
SHADOWED_BY = {
    "admin:login": "admin-login",
    "admin:password_change": "admin-password",
    "admin:view_on_site": "admin-shortcut",
}
# Views that are neither a Page nor an API view, and why.
NEITHER_PAGE_NOR_API = {
    "healthz": "For load balancers; shows no data.",
    "account_login": "The library's, for those who are not signed in yet.",
    "account_logout": "The library's, for everybody.",
    "account_change_password": "The library's; asks for the old password.",
    "switch_language": "For everybody, signed in or not.",
}
# Pages on which every user may write, and why.
_OWN_NOTICES = "Marks one's own notices as read."
_CANCEL = "One's own job; request_cancel checks a permission for those of others."
WRITABLE_BY_ALL = {
    "profile": "One's own language and phone.",
    "notice_read": _OWN_NOTICES,
    "notices_read": _OWN_NOTICES,
    "job": _CANCEL,
    "api-job-cancel": _CANCEL,
    "job_undo": "One's own job; the edit of the list checks its permission.",
    "list_edit": "Checks the permission of the edit.",
    "list_views": "One's own views of a list that the user may see.",
    "list_view": "One's own views, and whether one's list opens with a view.",
    "list_export": "request_export checks the permission of the list.",
    "api-notice-read": _OWN_NOTICES,
    "api-notices-read": _OWN_NOTICES,
}

MatrixKey = tuple[str, str]  # the name of an address and a method: ("customer_edit", "post")


@dataclass(frozen=True)
class Address:
    """A URL pattern.

    ``name`` includes the namespace (``admin:index``); a pattern without a name has its route there.
    ``view`` is the view's class, or the function if the view is no class.
    """

    name: str
    view: Any
    methods: tuple[str, ...]

    @property
    def keys(self) -> list[MatrixKey]:
        """The keys of the rows that the address needs in the matrix."""
        return [(self.name, method) for method in self.methods]


def find_addresses(
    patterns: Sequence[URLPattern | URLResolver], route: str = "", namespaces: tuple[str, ...] = ()
) -> Iterator[Address]:
    """Yield the address of every pattern, also of included ones.

    ``route`` and ``namespaces`` are those of the including patterns, for the recursive calls.
    """
    for pattern in patterns:
        path = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner_namespaces = namespaces
            if pattern.namespace:
                inner_namespaces = (*namespaces, pattern.namespace)
            yield from find_addresses(pattern.url_patterns, path, inner_namespaces)
            continue
        name = ":".join((*namespaces, pattern.name)) if pattern.name else path
        callback = pattern.callback
        django_view_class = getattr(callback, "view_class", None)
        view = django_view_class or getattr(callback, "cls", callback)  # cls: REST framework
        yield Address(name, view, _methods(view, is_admin=ADMIN in namespaces))


def _methods(view: Any, *, is_admin: bool) -> tuple[str, ...]:
    """Return the methods a view has handlers for; a function handles all of them."""
    if not isinstance(view, type):
        return ADMIN_METHODS if is_admin else METHODS
    names = getattr(view, "http_method_names", METHODS)
    handled = tuple(method for method in METHODS if method in names and hasattr(view, method))
    return handled or METHODS  # a view without handlers may answer any method


def missing_from_matrix(
    found: Iterable[Address], keys: Collection[MatrixKey], public: Collection[str]
) -> list[str]:
    """Return a message for each address and method without a row.

    ``keys`` are those of the rows. ``public`` has the names of addresses that need no row.
    """
    return sorted(
        f"{method.upper()} {name}: no row says who gets it; add one to tests/<app>/matrix.py"
        for address in found
        for name, method in address.keys
        if address.name not in public
        and address.name not in SHADOWED_BY
        and (name, method) not in keys
    )


def rows_without_address(found: Iterable[Address], keys: Iterable[MatrixKey]) -> list[MatrixKey]:
    """Return the keys of rows for an address or method that does not exist."""
    known = {key for address in found for key in address.keys}
    return sorted(set(keys) - known)


def duplicate_names(found: Iterable[Address]) -> set[str]:
    """Return the names that two addresses have. A row of the matrix would test only one of them."""
    names = [address.name for address in found]
    return {name for name in names if names.count(name) > 1}


def unguarded_views(found: Iterable[Address]) -> list[str]:
    """Return a message for each view that checks no permission, or writes with one to view.

    The views of the administration are left out: ``unrestricted_admins`` checks them.
    """
    return [
        f"{address.name}: {fault}"
        for address in found
        if not address.name.startswith(f"{ADMIN}:") and not address.name.startswith("admin/")
        for fault in _faults(address)
    ]


def _faults(address: Address) -> Iterator[str]:
    view = address.view
    is_page = isinstance(view, type) and issubclass(view, Page)
    is_api = isinstance(view, type) and issubclass(view, APIView)
    if not is_page and not is_api:
        if address.name not in NEITHER_PAGE_NOR_API:
            yield "its view is no Page and no API view; derive it from core.pages.Page"
        return
    if is_page and view.dispatch is not Page.dispatch:
        yield f"{view.__name__} has a dispatch of its own; Page.dispatch asks for permission"
    if is_api and not set(view.permission_classes) <= {RolePermission, SignedIn}:
        yield f"{view.__name__} sets permission_classes; name permission and write_permission"
    writing = set(address.methods) - SAFE_METHODS
    if writing and address.name not in WRITABLE_BY_ALL:
        permission = getattr(view, "write_permission", None)
        if is_page:
            permission = permission or view.permission
        if permission is None or _is_view_permission(permission):
            methods = ", ".join(sorted(writing))
            yield (
                f"{view.__name__} takes {methods} on {permission};"
                " name a write_permission that writes"
            )


def _is_view_permission(permission: Permission) -> bool:
    """Return whether a permission, such as ``customer.view``, allows its users only to view."""
    return permission.value.endswith(".view")


def parts_missing_from_matrix(
    slugs: Iterable[str], rows: Mapping[str, str], kind: str
) -> list[str]:
    """Return a message for each panel, widget or list part without a row.

    ``rows`` has the roles by slug. ``kind`` is the word for the message: ``"panel"``.
    """
    return sorted(
        f"{kind} {slug}: no row in tests/<app>/matrix.py" for slug in set(slugs) - {*rows}
    )


def unrestricted_admins(site: AdminSite) -> list[str]:
    """Return a message for each admin that bypasses ``visible_to`` or the services.

    ``ServiceModelAdmin`` uses both, but an inline in it would list every row of its own model.
    """
    faults = []
    for model, page in site._registry.items():
        if not isinstance(page, ServiceModelAdmin):
            faults.append(f"{model.__name__}: its admin is no ServiceModelAdmin")
        faults += [
            f"{model.__name__}: the inline {inline.__name__} reads every row of a scoped model"
            for inline in page.inlines
            if is_scoped(inline.model)
        ]
    return faults
