"""The changes every user may make to their own account. They need no permission."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.acting import audited_transaction
from accounts.actions import Action
from accounts.models import User


def update_profile(*, actor: User, language: str, phone: str) -> User:
    """Set the actor's own language, a code of settings.LANGUAGES, and phone; return the new state.

    ``actor`` itself keeps its old values. Raises ValidationError naming the field.
    """
    if language not in dict(settings.LANGUAGES):
        raise ValidationError({"language": _("Choose one of the languages.")})
    with audited_transaction(actor, Action.PROFILE_UPDATE):
        user = User.objects.select_for_update(of=["self"]).get(pk=actor.pk)
        user.language, user.phone = language, phone
        user.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
        user.save(update_fields=["language", "phone"])
    return user
