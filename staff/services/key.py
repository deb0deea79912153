"""Issuing and revoking API keys."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction, authorise
from accounts.actions import Action
from accounts.models import ApiKey, User
from accounts.permissions import Permission

MAX_KEY_DAYS = 730  # two years; the message below repeats the number


def issue_key(*, actor: User, user_id: int, name: str, days: int) -> tuple[ApiKey, str]:
    """Create an API key of a user, valid for ``days`` days; return it with its token.

    Only the token's hash is stored, so the token can be shown only now. ``name`` says which system
    uses the key. Raises PermissionDenied, User.DoesNotExist (also for a user the actor may not
    see), or ValidationError naming ``days``.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    if not 1 <= days <= MAX_KEY_DAYS:
        raise ValidationError({"days": _("Give the key between 1 and 730 days.")})
    with audited_transaction(actor, Action.KEY_ISSUE):
        user = User.objects.visible_to(actor).get(pk=user_id)
        expiry = timezone.now() + timedelta(days=days)
        key, token = ApiKey.objects.issue(user=user, name=name, expiry=expiry)
    return key, token


def revoke_key(*, actor: User, digest: str) -> None:
    """Delete the key with this digest (its primary key). The next request with it is refused.

    Raises PermissionDenied, or ApiKey.DoesNotExist for a key the actor may not see.
    """
    authorise(actor, Permission.STAFF_MANAGE)
    with audited_transaction(actor, Action.KEY_REVOKE):
        ApiKey.objects.get(digest=digest, user__in=User.objects.visible_to(actor)).delete()
