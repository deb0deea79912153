"""All writes to saved views and to the views that lists open with."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import audited_transaction
from accounts.actions import Action
from accounts.models import User
from core.models import DefaultView, SavedView
from core.models.saved_view import MAX_NAME_LENGTH
from core.writing import ConstraintMessage, constraint_messages, get_locked

MAX_VIEWS = 50  # of one user and list
CONSTRAINTS = {
    "core_saved_view_name_once": ConstraintMessage(
        "name", gettext_lazy("You have a view of this name already.")
    )
}


def create_saved_view(
    *, list_name: str, name: str, query: Mapping[str, Any], is_shared: bool, actor: User
) -> SavedView:
    """Save a query of a list under a name and return the view.

    ``query`` is the JSON of a ``ListQuery``; the caller has checked that the actor may see the list
    and that it can read the query. With ``is_shared``, the actor's unit sees the view. Raises
    PermissionDenied, and ValidationError under ``name``.
    """
    name = _clean_name(name)
    with audited_transaction(_require_active(actor), Action.VIEW_CREATE):
        if SavedView.objects.filter(owner=actor, list_name=list_name).count() >= MAX_VIEWS:
            message = _("You have %(count)d views of this list. Delete one first.")
            raise ValidationError({"name": message % {"count": MAX_VIEWS}})
        with constraint_messages(CONSTRAINTS):
            return SavedView.objects.create(
                list_name=list_name,
                name=name,
                owner=actor,
                shared_with=actor.unit if is_shared else None,
                query=dict(query),
            )


def update_saved_view(
    *, view_id: int, name: str, query: Mapping[str, Any], is_shared: bool, actor: User
) -> SavedView:
    """Change a view of the actor and return it.

    A view that stays shared is shared with the same unit as before. Raises PermissionDenied,
    SavedView.DoesNotExist for a view of another user, and ValidationError under ``name``.
    """
    name = _clean_name(name)
    with audited_transaction(_require_active(actor), Action.VIEW_UPDATE):
        view = get_locked(SavedView.objects.visible_to(actor).filter(owner=actor), view_id)
        view.name, view.query = name, dict(query)
        if not is_shared:
            view.shared_with = None
        elif view.shared_with is None:
            view.shared_with = actor.unit
        with constraint_messages(CONSTRAINTS):
            view.save()
    return view


def delete_saved_view(*, view_id: int, actor: User) -> SavedView:
    """Delete a view of the actor and return it as it was.

    Lists of others that opened with it open without a view. Raises PermissionDenied, and
    SavedView.DoesNotExist for a view of another user.
    """
    with audited_transaction(_require_active(actor), Action.VIEW_DELETE):
        view = get_locked(SavedView.objects.visible_to(actor).filter(owner=actor), view_id)
        SavedView.objects.filter(pk=view.pk).delete()
    return view


def open_with_view(*, view_id: int, actor: User) -> None:
    """Let the view's list open with it for the actor.

    Raises PermissionDenied, and SavedView.DoesNotExist for a view that the actor may not see.
    """
    with audited_transaction(_require_active(actor), Action.VIEW_DEFAULT):
        # The lock keeps the view from being deleted meanwhile.
        view = get_locked(SavedView.objects.visible_to(actor), view_id)
        DefaultView.objects.update_or_create(
            user=actor, list_name=view.list_name, defaults={"view": view}
        )


def open_without_view(*, list_name: str, actor: User) -> None:
    """Let a list open without a view for the actor. Raises PermissionDenied."""
    with audited_transaction(_require_active(actor), Action.VIEW_DEFAULT):
        DefaultView.objects.filter(user=actor, list_name=list_name).delete()


def _require_active(actor: User) -> User:
    if not actor.is_active:
        raise PermissionDenied
    return actor


def _clean_name(name: str) -> str:
    """Return the name with single spaces; raise ValidationError for one that cannot be stored."""
    cleaned = " ".join(name.replace("\0", "").split())
    if not cleaned:
        raise ValidationError({"name": _("Give the view a name.")})
    if len(cleaned) > MAX_NAME_LENGTH:
        message = _("A name has at most %(count)d characters.")
        raise ValidationError({"name": message % {"count": MAX_NAME_LENGTH}})
    return cleaned
