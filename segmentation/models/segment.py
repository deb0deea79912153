"""The two schemes of segments, Chinese and international, and their mapping from RFM scores.

R is the score of recency, F of frequency, M of monetary value, each from 1 to 5: 5 is the most
recent, the most frequent, the highest revenue. ``sql/score.sql`` applies the mappings.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChineseSegment(models.TextChoices):
    """The eight segments of Chinese practice, by whether each of R, F and M is high or low.

    High is at or above the mean of all customers of the run. M decides between important and
    general. R and F decide what to do with the customer: cultivate (value), develop, keep, or win
    back.
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
    """The eleven segments of international practice, by R and the mean of F and M."""

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


# The key is (R is high, F is high, M is high).
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

_Segment = InternationalSegment
# The key is R. The position in the row is the mean of F and M, rounded half up, from 1 to 5:
# R 5, F 2, M 3 has the mean 3, so it is the third of row 5, a potential loyalist.
INTERNATIONAL_GRID: dict[int, tuple[InternationalSegment, ...]] = {
    5: (
        _Segment.NEW,
        _Segment.POTENTIAL_LOYALIST,
        _Segment.POTENTIAL_LOYALIST,
        _Segment.CHAMPIONS,
        _Segment.CHAMPIONS,
    ),
    4: (
        _Segment.PROMISING,
        _Segment.POTENTIAL_LOYALIST,
        _Segment.POTENTIAL_LOYALIST,
        _Segment.LOYAL,
        _Segment.CHAMPIONS,
    ),
    3: (
        _Segment.ABOUT_TO_SLEEP,
        _Segment.ABOUT_TO_SLEEP,
        _Segment.NEED_ATTENTION,
        _Segment.LOYAL,
        _Segment.LOYAL,
    ),
    2: (
        _Segment.HIBERNATING,
        _Segment.HIBERNATING,
        _Segment.AT_RISK,
        _Segment.AT_RISK,
        _Segment.AT_RISK,
    ),
    1: (
        _Segment.LOST,
        _Segment.HIBERNATING,
        _Segment.AT_RISK,
        _Segment.CANNOT_LOSE,
        _Segment.CANNOT_LOSE,
    ),
}
