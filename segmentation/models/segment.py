"""The segments' names in both schemes, and which quintiles make which segment.

Scores run from 1 to 5, 5 being the most recent, the most frequent, the most worth.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChineseSegment(models.TextChoices):
    """The eight of Chinese practice: each of R, F and M is high or low against the mean score.

    Worth tells important from general; recency and frequency tell what to do: keep (value),
    develop, hold on to, win back.
    """

    IMPORTANT_VALUE = "important_value", _("Important, value")
    IMPORTANT_DEVELOP = "important_develop", _("Important, develop")
    IMPORTANT_KEEP = "important_keep", _("Important, keep")
    IMPORTANT_WINBACK = "important_winback", _("Important, win back")
    GENERAL_VALUE = "general_value", _("General, value")
    GENERAL_DEVELOP = "general_develop", _("General, develop")
    GENERAL_KEEP = "general_keep", _("General, keep")
    GENERAL_WINBACK = "general_winback", _("General, win back")


class InternationalSegment(models.TextChoices):
    """The eleven of international practice, by recency and the mean of frequency and worth."""

    CHAMPIONS = "champions", _("Champions")
    LOYAL = "loyal", _("Loyal customers")
    POTENTIAL_LOYALIST = "potential_loyalist", _("Potential loyalists")
    NEW = "new", _("New customers")
    PROMISING = "promising", _("Promising")
    NEED_ATTENTION = "need_attention", _("Need attention")
    ABOUT_TO_SLEEP = "about_to_sleep", _("About to sleep")
    AT_RISK = "at_risk", _("At risk")
    CANNOT_LOSE = "cannot_lose", _("Cannot lose them")
    HIBERNATING = "hibernating", _("Hibernating")
    LOST = "lost", _("Lost")


# (R high, F high, M high) → segment.
CHINESE_EIGHT: dict[tuple[bool, bool, bool], ChineseSegment] = {
    (True, True, True): ChineseSegment.IMPORTANT_VALUE,
    (True, False, True): ChineseSegment.IMPORTANT_DEVELOP,
    (False, True, True): ChineseSegment.IMPORTANT_KEEP,
    (False, False, True): ChineseSegment.IMPORTANT_WINBACK,
    (True, True, False): ChineseSegment.GENERAL_VALUE,
    (True, False, False): ChineseSegment.GENERAL_DEVELOP,
    (False, True, False): ChineseSegment.GENERAL_KEEP,
    (False, False, False): ChineseSegment.GENERAL_WINBACK,
}

_S = InternationalSegment
# One row per recency score, one column per (F + M) / 2 rounded half up, 1 to 5: all 25 cells.
INTERNATIONAL_GRID: dict[int, tuple[InternationalSegment, ...]] = {
    5: (_S.NEW, _S.POTENTIAL_LOYALIST, _S.POTENTIAL_LOYALIST, _S.CHAMPIONS, _S.CHAMPIONS),
    4: (_S.PROMISING, _S.POTENTIAL_LOYALIST, _S.POTENTIAL_LOYALIST, _S.LOYAL, _S.CHAMPIONS),
    3: (_S.ABOUT_TO_SLEEP, _S.ABOUT_TO_SLEEP, _S.NEED_ATTENTION, _S.LOYAL, _S.LOYAL),
    2: (_S.HIBERNATING, _S.HIBERNATING, _S.AT_RISK, _S.AT_RISK, _S.AT_RISK),
    1: (_S.LOST, _S.HIBERNATING, _S.AT_RISK, _S.CANNOT_LOSE, _S.CANNOT_LOSE),
}
