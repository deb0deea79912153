"""What the views of the API share: who is asking, and strictness about what is sent."""

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
    """Who looks while the schema is being described: sees no row of anything."""

    pk: int = 0
    is_active: bool = False
    access_level: str = DataAccessLevel.OWN.value
    unit_id: int = 0
    unit_path: str = ""


def require_user(request: Request) -> User:
    """Return the person or service account that calls; raise NotAuthenticated for strangers."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def requesting_user(view: APIView) -> ScopedUser:
    """Return whose scope a view's rows are read in."""
    return (
        NoAccessUser() if getattr(view, "swagger_fake_view", False) else require_user(view.request)
    )


T = TypeVar("T")


class StrictSerializer(serializers.Serializer[T]):
    """Refuses fields it does not know: a misspelt one would otherwise be silently lost."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; raise ValidationError naming what is wrong or unknown."""
        if isinstance(data, Mapping):
            # JSON can name halves of characters, which no answer can be written with.
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
