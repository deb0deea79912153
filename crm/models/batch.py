"""Import batches: one record for every import that was stored."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.acting import Channel
from accounts.permissions import DataAccessLevel
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser, unknown_access_level

MAX_FILE_NAME_LENGTH = 200


class BatchKind(models.TextChoices):
    """What was imported."""

    CUSTOMERS = "customers", _("Customers")
    TRANSACTIONS = "transactions", _("Transactions")
    INTERACTIONS = "interactions", _("Interactions")


class ImportBatch(ScopedModel):
    """One committed import: file, actor, channel, and counts of rows.

    ``sha256`` is the hash of the file's bytes. The four counts after ``rows_read`` add up to it.
    """

    id = models.AutoField(primary_key=True)
    kind = models.CharField(_("kind"), max_length=20, choices=BatchKind.choices)
    file_name = models.CharField(_("file"), max_length=MAX_FILE_NAME_LENGTH)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("imported by")
    )
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)
    rows_read = models.PositiveBigIntegerField(_("rows read"), default=0)
    rows_created = models.PositiveBigIntegerField(_("rows new"), default=0)
    rows_changed = models.PositiveBigIntegerField(_("rows changed"), default=0)
    rows_unchanged = models.PositiveBigIntegerField(_("rows unchanged"), default=0)
    rows_rejected = models.PositiveBigIntegerField(_("rows rejected"), default=0)

    objects = ScopedQuerySet["ImportBatch"].as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="crm_importbatch_kind_known", condition=Q(kind__in=BatchKind.values)
            ),
            models.CheckConstraint(
                name="crm_importbatch_rows_add_up",
                condition=Q(
                    rows_read=models.F("rows_created")
                    + models.F("rows_changed")
                    + models.F("rows_unchanged")
                    + models.F("rows_rejected")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.file_name}"

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Return the filter for all imports, those by users of the subtree, or the user's own.

        The access level ``unit`` gives only the user's own, like ``own``.
        """
        if user.access_level == DataAccessLevel.ALL:
            return Q()
        if user.access_level == DataAccessLevel.SUBTREE:
            return Q(actor__unit__path__descendants=user.unit_path)
        if user.access_level in {DataAccessLevel.UNIT, DataAccessLevel.OWN}:
            return Q(actor=user.pk)
        raise unknown_access_level(user)
