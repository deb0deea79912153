"""The organisation: a tree of units of any depth.

Every unit has its parent and a materialised path (PostgreSQL's ltree), so that "this unit and
everything below it" is one indexed condition: ``path__descendants``.
"""

import pgtrigger
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_ltree.fields import PathField

from accounts.permissions import DataAccessLevel
from accounts.scoping import ScopedModel, ScopedQuerySet, ScopedUser, unknown_access_level
from common.history import tracked
from common.localised import localised_text

# The path of a unit is the path of its parent and its own id: unit 12 below unit 5 below the root 1
# has the path 1.5.12. Ids do not change when a unit is renamed. A trigger computes the path, so
# that rows written in bulk or by raw SQL are right too. A unit whose id also stands before the end
# of its new path would lie below itself.
SET_PATH = """
    IF NEW.parent_id IS NULL THEN
        NEW.path = NEW.id::text::ltree;
    ELSE
        SELECT path || NEW.id::text INTO STRICT NEW.path
          FROM accounts_orgunit WHERE id = NEW.parent_id;
        IF index(NEW.path, NEW.id::text::ltree) < nlevel(NEW.path) - 1 THEN
            RAISE EXCEPTION 'unit % cannot lie below itself', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_orgunit_no_cycle';
        END IF;
    END IF;
    RETURN NEW;
"""
# After a unit has got another parent, this replaces the old path by the new one in the paths of all
# units below it.
MOVE_SUBTREE = """
    IF NEW.path <> OLD.path THEN
        UPDATE accounts_orgunit
           SET path = NEW.path || subpath(path, nlevel(OLD.path))
         WHERE path <@ OLD.path AND nlevel(path) > nlevel(OLD.path);
    END IF;
    RETURN NULL;
"""


class UnitKind(models.TextChoices):
    """The kind of a unit. It is a label only: the tree may have any depth and order."""

    HEAD_OFFICE = "head_office", _("Head office")
    PROVINCE = "province", _("Province")
    BRANCH = "branch", _("City branch")
    TEAM = "team", _("Team")
    DIVISION = "division", _("Division")


@tracked()
class OrgUnit(ScopedModel):
    """A part of the company: head office, province, city branch, team, division."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=UnitKind.choices)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("belongs to"),
    )
    # The default is never stored: the trigger replaces it. A unit just saved must be read again.
    path = PathField(_("path"), editable=False, default="0")

    objects = ScopedQuerySet["OrgUnit"].as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["path"]
        indexes = [GistIndex(fields=["path"], name="accounts_orgunit_path")]
        constraints = [
            models.UniqueConstraint(fields=["path"], name="accounts_orgunit_path_unique"),
            # At most one unit has no parent: all of them share the value 1 in this index.
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(parent__isnull=True),
                name="accounts_orgunit_one_root",
            ),
            models.CheckConstraint(
                name="accounts_orgunit_kind_known", condition=Q(kind__in=UnitKind.values)
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="place",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),
                func=SET_PATH,
            ),
            pgtrigger.Trigger(
                name="move_subtree",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("parent_id"),
                func=MOVE_SUBTREE,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return localised_text(zh=self.name_zh, en=self.name_en)

    @classmethod
    def visibility_filter(cls, user: ScopedUser) -> Q:
        """Users see their unit, at level SUBTREE also those below it, at level ALL every unit."""
        if user.access_level == DataAccessLevel.ALL:
            return Q()
        if user.access_level == DataAccessLevel.SUBTREE:
            return Q(path__descendants=user.unit_path)
        if user.access_level in {DataAccessLevel.UNIT, DataAccessLevel.OWN}:
            return Q(pk=user.unit_id)
        raise unknown_access_level(user)
