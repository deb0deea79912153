"""The user of an API request, and serializers that refuse unknown fields."""

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
    """Stands for the user while drf-spectacular inspects the views; may see no row at all."""

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
    """Return the user whose rows a view reads; NoAccessUser while the schema is generated."""
    if getattr(view, "swagger_fake_view", False):
        return NoAccessUser()
    return require_user(view.request)


T = TypeVar("T")


class StrictSerializer(serializers.Serializer[T]):
    """Refuses unknown fields: a misspelt name would otherwise be ignored without notice."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; raise ValidationError for wrong values and for unknown fields."""
        if isinstance(data, Mapping):
            # JSON names can hold lone surrogates, which cannot be encoded in the response.
            unknown = [
                str(name).encode("utf-8", "replace").decode("utf-8")
                for name in data
                if name not in self.fields
            ]
            if unknown:
                raise ValidationError(
                    {name: [_("There is no such field.")] for name in sorted(unknown)}
                )
        return super().to_internal_value(data)
