"""What writing services share: known fields, visibility, locks, versions, constraint messages."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scoping import ScopedModel, ScopedQuerySet
from common.errors import StaleError

M = TypeVar("M", bound=Model)


class VersionedRecord(Protocol):
    """A record whose ``version`` grows by one with every change."""

    version: int


@dataclass(frozen=True)
class ConstraintMessage:
    """What to say, and beside which field, when the database refuses a change."""

    field: str
    message: str | Promise

    def as_error(self) -> ValidationError:
        """Return the error a form or an API answer shows."""
        return ValidationError({self.field: str(self.message)})


def require_known_fields(values: Collection[str], editable: Collection[str], record: str) -> None:
    """Raise TypeError, a fault of the caller, for a name that is no editable field."""
    unknown = sorted(set(values) - set(editable))
    if unknown:
        raise TypeError(f"not a field of a {record}: {unknown}")


def require_visible(user: User, values: Mapping[str, Any]) -> None:
    """Raise ValidationError for the first value that is a record ``user`` may not see."""
    for field, value in values.items():
        # The user of a request is a lazy proxy: its __class__ is the model, its type is not.
        if isinstance(value, ScopedModel):
            visible: QuerySet[Any] = ScopedQuerySet(value.__class__).visible_to(user)
            if not visible.filter(pk=value.pk).exists():
                raise ValidationError({field: _("Not found or not yours")})


def get_locked(records: QuerySet[M], pk: Any) -> M:
    """Return one of ``records``, locked until the transaction ends; raise the model's DoesNotExist.

    Pass ``Model.objects.visible_to(actor)``, so that a record out of scope does not exist.
    """
    return records.select_for_update(of=["self"]).get(pk=pk)


def lock_tree(name: str) -> None:
    """Make moves in the tree ``name`` wait for each other until the transaction ends.

    Two moves at once could close a cycle that neither transaction sees. Take this lock before the
    locks of rows, in imports as well, so that all wait in the same order.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])


def require_version(record: VersionedRecord, version: int | None) -> None:
    """Raise StaleError unless the change is based on the record's current version.

    None means that the caller changes whatever there is.
    """
    if version is not None and version != record.version:
        raise StaleError


@contextmanager
def constraint_messages(messages: Mapping[str, ConstraintMessage]) -> Iterator[None]:
    """Turn the violation of a constraint named in ``messages`` into its ValidationError.

    The violation of any other constraint is raised as it is: it is a fault of the program.
    """
    try:
        yield
    except IntegrityError as error:
        known = messages.get(constraint_name(error))
        if known is None:
            raise
        raise known.as_error() from error


def constraint_name(error: IntegrityError) -> str:
    """Return the name of the constraint that was violated; empty where the database gives none."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""
