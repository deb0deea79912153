"""Reference lists: industries, sources, categories, grades, billing systems.

Administrators edit them (``crm.services.reference``). They hold no company data, so every user sees
them and they have no visibility filter. Migration 0002 fills them from ``crm/reference_data``.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.history import tracked
from common.localised import localised_text


class ReferenceEntry(models.Model):
    """An entry of a reference list: a code, by which files and the API name it, and two names.

    Entries are listed by ``position``. One that is not ``is_active`` stays with the records that
    have it, and forms do not offer it for others.
    """

    code = models.CharField(_("code"), max_length=30, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=160)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("offered for new records"), default=True)

    class Meta:
        abstract = True
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return localised_text(zh=self.name_zh, en=self.name_en)


@tracked()
class Industry(ReferenceEntry):
    """An industry of GB/T 4754-2017: a section (one letter), or a division of it (two digits)."""

    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="divisions",
        verbose_name=_("section"),
    )

    class Meta(ReferenceEntry.Meta):
        verbose_name = _("industry")
        verbose_name_plural = _("industries")
        constraints = [
            models.CheckConstraint(
                name="crm_industry_two_levels",
                condition=Q(parent__isnull=True, code__regex=r"^[A-Z]$")
                | Q(parent__isnull=False, code__regex=r"^[0-9]{2}$"),
                violation_error_message=_(
                    "A section is one letter, a division two digits below a section."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


@tracked()
class Source(ReferenceEntry):
    """How the company came to know a customer."""

    class Meta(ReferenceEntry.Meta):
        verbose_name = _("customer source")
        verbose_name_plural = _("customer sources")


@tracked()
class Category(ReferenceEntry):
    """The kind of organisation a customer is."""

    class Meta(ReferenceEntry.Meta):
        verbose_name = _("customer category")
        verbose_name_plural = _("customer categories")


@tracked()
class Grade(ReferenceEntry):
    """The importance of a customer; position 1 is the highest."""

    class Meta(ReferenceEntry.Meta):
        verbose_name = _("customer grade")
        verbose_name_plural = _("customer grades")


@tracked()
class BillingSystem(ReferenceEntry):
    """A system that transactions come from; its external ids are unique within it."""

    id = models.SmallAutoField(primary_key=True)

    class Meta(ReferenceEntry.Meta):
        verbose_name = _("billing system")
        verbose_name_plural = _("billing systems")
