"""Custom fields, which an administrator adds to the records of a record type."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.history import tracked
from common.localised import localised_text

KEY_PATTERN = r"^[a-z][a-z0-9_]*\Z"  # in syntax that both Python and PostgreSQL understand


class CustomFieldKind(models.TextChoices):
    """The kind of value of a custom field; ``core.fields.custom`` maps it to a FieldKind."""

    TEXT = "text", _("Text")
    LONG_TEXT = "long_text", _("Long text")
    NUMBER = "number", _("Number")
    MONEY = "money", _("Amount of money")
    DATE = "date", _("Date")
    YES_NO = "yes_no", _("Yes or no")
    CHOICE = "choice", _("Choice from a list")
    PHONE = "phone", _("Phone number")
    EMAIL = "email", _("E-mail address")
    URL = "url", _("Web address")


@tracked()
class CustomField(models.Model):
    """A field that an administrator has added to a record type.

    Its values are in the JSON column ``custom_values`` of the records, under ``key``.
    ``record_type`` is the name of a ``core.fields.record_types.RecordType``, such as
    ``"customer"``. ``choices`` is a list of ``{"code": …, "zh": …, "en": …}``, empty for all kinds
    but CHOICE. ``categories`` are the codes of the categories whose records have the field; if
    empty, all records have it. ``position`` orders the fields. A field that is not in use
    (``is_active``) is hidden, and its values are kept.
    """

    record_type = models.CharField(_("record"), max_length=30)
    key = models.CharField(
        _("key"),
        max_length=40,
        validators=[RegexValidator(KEY_PATTERN)],
        help_text=_("Small letters, digits and _; it cannot be changed later."),
    )
    label_zh = models.CharField(_("Chinese name"), max_length=60)
    label_en = models.CharField(_("English name"), max_length=60, blank=True)
    help_zh = models.CharField(_("Chinese help"), max_length=200, blank=True)
    help_en = models.CharField(_("English help"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=CustomFieldKind.choices)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    categories = ArrayField(
        models.CharField(max_length=30), verbose_name=_("only for"), default=list, blank=True
    )
    required = models.BooleanField(_("required"), default=False)
    sensitive = models.BooleanField(_("masked unless the role may see it"), default=False)
    in_list = models.BooleanField(_("column and filter of the list"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["record_type", "position", "key"]
        constraints = [
            models.UniqueConstraint(
                fields=["record_type", "key"], name="core_customfield_key_unique"
            ),
            models.CheckConstraint(
                name="core_customfield_key_form", condition=Q(key__regex=KEY_PATTERN)
            ),
            models.CheckConstraint(
                name="core_customfield_kind_known", condition=Q(kind__in=CustomFieldKind.values)
            ),
            models.CheckConstraint(
                name="core_customfield_choices_of_choice_only",
                condition=Q(kind=CustomFieldKind.CHOICE) & ~Q(choices=[])
                | ~Q(kind=CustomFieldKind.CHOICE) & Q(choices=[]),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the active language."""
        return localised_text(zh=self.label_zh, en=self.label_en)
