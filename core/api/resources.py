"""Helpers of API views: the user of a request, and serializers that refuse unknown fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from accounts.permissions import DataAccessLevel
from accounts.scoping import ScopedUser


@dataclass(frozen=True)
class NoAccessUser:
    """Stands for the user while drf-spectacular calls ``get_queryset`` to build the schema.

    Being inactive, it may see no row at all.
    """

    pk: int = 0
    is_active: bool = False
    access_level: str = DataAccessLevel.OWN.value
    unit_id: int = 0
    unit_path: str = ""


def require_user(request: Request) -> User:
    """Return the user or service account of the request; raise NotAuthenticated without one."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def requesting_user(view: APIView) -> ScopedUser:
    """Return the user for ``visible_to`` in a view's ``get_queryset``.

    That is the user of the request, or NoAccessUser while the schema is generated, when there is
    no request. Everywhere else use ``require_user``.
    """
    if getattr(view, "swagger_fake_view", False):
        return NoAccessUser()
    return require_user(view.request)


T = TypeVar("T")


class StrictSerializer(serializers.Serializer[T]):
    """Refuses unknown fields: a misspelt name would otherwise be ignored without notice."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; raise ValidationError for wrong values and for unknown fields."""
        if isinstance(data, Mapping):
            unknown = [printable(str(name)) for name in data if name not in self.fields]
            if unknown:
                raise ValidationError(
                    {name: [_("There is no such field.")] for name in sorted(unknown)}
                )
        return super().to_internal_value(data)


def printable(name: str) -> str:
    """Return a submitted name with lone surrogates replaced by question marks.

    JSON may contain lone surrogates, but a response, which is UTF-8, cannot.
    """
    return name.encode("utf-8", "replace").decode("utf-8")
