"""Helpers of services that write: checks, locks, versions, messages of constraints.

``get_locked``, ``lock_tree``, ``require_version`` and ``constraint_messages`` are called inside the
service's ``audited_transaction``.
"""

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
    """A record with a ``version``, which its service increases by one with every change."""

    version: int


@dataclass(frozen=True)
class ConstraintMessage:
    """The message, and the field it belongs to, for the violation of a database constraint."""

    field: str
    message: str | Promise

    def as_error(self) -> ValidationError:
        """Return the ValidationError with the message under the field's name."""
        return ValidationError({self.field: str(self.message)})


def require_known_fields(values: Collection[str], editable: Collection[str], record: str) -> None:
    """Raise TypeError, since the calling code is wrong, for a name that is no editable field.

    ``values`` has the names; ``record`` is what the message calls the record ("customer").
    """
    unknown = sorted(set(values) - set(editable))
    if unknown:
        raise TypeError(f"not a field of a {record}: {unknown}")


def require_visible(user: User, values: Mapping[str, Any]) -> None:
    """Raise ValidationError for the first value that is a record ``user`` may not see.

    ``values`` are new values by field name. Values of other types are not checked.
    """
    for field, value in values.items():
        # ``request.user`` is a lazy proxy: its __class__ is the model, its type() is not.
        if isinstance(value, ScopedModel):
            visible: QuerySet[Any] = ScopedQuerySet(value.__class__).visible_to(user)
            if not visible.filter(pk=value.pk).exists():
                raise ValidationError({field: _("Not found or not yours")})


def get_locked(records: QuerySet[M], pk: Any) -> M:
    """Return one of ``records``, locked until the transaction ends; raise the model's DoesNotExist.

    Pass ``Model.objects.visible_to(actor)``, so that DoesNotExist is raised for hidden records too.
    Only the row itself is locked, not the rows that its query joins.
    """
    return records.select_for_update(of=["self"]).get(pk=pk)


def lock_tree(name: str) -> None:
    """Wait until no other transaction holds the lock of this name, and hold it until this one ends.

    Every change of a parent in a tree takes the tree's lock, such as ``"crm_customer_tree"``,
    because two concurrent changes could close a cycle that neither transaction sees. Take it
    before locking rows, also in imports, because locks taken in different orders can deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])


def require_version(record: VersionedRecord, version: int | None) -> None:
    """Raise StaleError unless the change is based on the record's current version.

    None skips the check.
    """
    if version is not None and version != record.version:
        raise StaleError


@contextmanager
def constraint_messages(messages: Mapping[str, ConstraintMessage]) -> Iterator[None]:
    """Turn the violation of a constraint into the ValidationError of its message.

    ``messages`` are by constraint name. The IntegrityError of any other constraint is raised again,
    because it is a program error. After a violation PostgreSQL accepts only a rollback, so let the
    ValidationError leave the ``audited_transaction`` block, which then rolls back.
    """
    try:
        yield
    except IntegrityError as error:
        message = messages.get(constraint_name(error))
        if message is None:
            raise
        raise message.as_error() from error


def constraint_name(error: IntegrityError) -> str:
    """Return the name of the violated constraint; empty if the database gives none."""
    # Django's exception has the driver's (psycopg2's) as its cause.
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""
