"""Notices: what a user is told in the product, such as "you were given 3 customers"."""

from django.conf import settings
from django.db import models
from django.db.models import Func, Q, TextField, Value
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser

MAX_KEY_LENGTH = 80


class NoticeQuerySet(ScopedQuerySet["Notice"]):
    """Notices."""

    def unread(self) -> "NoticeQuerySet":
        """Keep those that their recipient has not read."""
        return self.filter(read_at__isnull=True)


class Notice(ScopedModel):
    """A notice of one user.

    ``kind`` is the name of a ``core.notices.declarations.NoticeKind``, which turns ``values`` into
    a text in the reader's language. ``object_id`` is the id of the record that the notice is about,
    if it is about one. ``key`` says what it was made from: a user gets one notice of a kind and
    key, however often an event is handled.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="notices",
        db_index=False,  # the indexes below begin with it
        verbose_name=_("recipient"),
    )
    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(_("key"), max_length=MAX_KEY_LENGTH)
    values = models.JSONField(_("values"), default=dict)
    object_id = models.BigIntegerField(_("record"), null=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)
    read_at = models.DateTimeField(_("read"), null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="core_notice_recipient"),
            models.Index(
                fields=["recipient", "-id"],
                condition=Q(read_at__isnull=True),
                name="core_notice_unread",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "kind", "key"], name="core_notice_once"),
            models.CheckConstraint(
                name="core_notice_values_object",
                condition=Exact(
                    Func("values", function="jsonb_typeof", output_field=TextField()),
                    Value("object"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """A notice is visible to its recipient only, whatever the data access level."""
        return Q(recipient=user.pk)
