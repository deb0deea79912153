"""Issuing and revoking API keys."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import ApiKey, User
from accounts.permissions import Permission

MAX_KEY_DAYS = 730


def issue_key(*, actor: User, user_id: int, name: str, days: int) -> tuple[ApiKey, str]:
    """Create an API key, valid for ``days`` days; return it with its text, which is not stored.

    Raises PermissionDenied, User.DoesNotExist, or ValidationError naming ``days``.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    if not 1 <= days <= MAX_KEY_DAYS:
        raise ValidationError({"days": _("Give the key between 1 and 730 days.")})
    with audited_transaction(actor, Action.KEY_ISSUE):
        user = User.objects.visible_to(actor).get(pk=user_id)
        expiry = timezone.now() + timedelta(days=days)
        key, text = ApiKey.objects.issue(user=user, name=name, expiry=expiry)
    return key, text


def revoke_key(*, actor: User, digest: str) -> None:
    """Delete a key, which is invalid at once.

    Raises PermissionDenied, or ApiKey.DoesNotExist for a key the actor may not see.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    with audited_transaction(actor, Action.KEY_REVOKE):
        ApiKey.objects.get(digest=digest, user__in=User.objects.visible_to(actor)).delete()
