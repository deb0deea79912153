"""Why a customer is flagged, in sentences a manager can act on."""

from decimal import Decimal

from django.template.defaultfilters import floatformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from segmentation.models import ChurnReason, CustomerScore


def reason_sentences(score: CustomerScore) -> list[str]:
    """Return a sentence for each reason of the score's flag: none for a score without a flag."""
    return [SENTENCES[ChurnReason(reason)](score) for reason in score.churn_reasons]


def _silence_sentence(score: CustomerScore) -> str:
    gap = score.usual_gap_days or 0  # a customer without a usual gap is never silent
    return ngettext(
        "Silent for %(days)s day, usually buys every %(gap)s days",
        "Silent for %(days)s days, usually buys every %(gap)s days",
        score.recency_days,
    ) % {
        "days": number_format(score.recency_days),
        "gap": floatformat(gap, 0 if gap >= 10 else 1),  # one decimal below 10 days only
    }


def _drop_sentence(score: CustomerScore) -> str:
    """Name a drop of 100 % at most: refunds can make the revenue of the last quarter negative.

    The revenue before is not 0: a drop needs at least ``drop_min_previous`` there.
    """
    drop_percent = 100 * (1 - score.spend_last_quarter / score.spend_previous_quarter)
    return _("Revenue down %(percent)s%% on the quarter before") % {
        "percent": floatformat(min(drop_percent, Decimal(100)), 0)
    }


SENTENCES = {ChurnReason.SILENCE: _silence_sentence, ChurnReason.DROP: _drop_sentence}
