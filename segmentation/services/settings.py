"""The thresholds of scoring. Each run stores the values it used, which explain its figures.

The names of the settings are parameters of the statements in ``segmentation/sql/``, and keys of
``ScoringRun.settings``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class ScoringSettings:
    """The defaults. Amounts are in units of the currency (100 is 100.00)."""

    # RFM: frequency and monetary count the transactions of this many days before the as-of date.
    window_days: int = 365
    # Silence: a customer with purchases on at least this many different days has a usual gap, the
    # mean number of days between them.
    min_purchase_days: int = 3
    # A customer is silent after this many usual gaps, but never before this many days.
    silence_factor: float = 2.0
    silence_min_days: int = 14
    # A silence of this many usual gaps is a high risk by itself.
    silence_high_factor: float = 4.0
    # Drop: the revenue of the last compare_days is below drop_below times the revenue of the
    # compare_days before, which was at least drop_min_previous.
    compare_days: int = 90
    drop_below: float = 0.6
    drop_min_previous: int = 100

    @classmethod
    def company_default(cls) -> Self:
        """Return the defaults, with ``window_days`` from the Django setting SCORING_WINDOW_DAYS."""
        return cls(window_days=settings.SCORING_WINDOW_DAYS)

    def override(self, values: Mapping[str, Any]) -> Self:
        """Return these settings with some values replaced.

        Raises ValidationError, with its messages under the key ``settings``, for an unknown name, a
        value of another type or out of range, and a silence_high_factor below silence_factor.
        """
        types: dict[str, type[int] | type[float]] = {
            field.name: type(getattr(self, field.name)) for field in fields(self)
        }
        messages = [
            _("%(name)s is no setting of scoring.") % {"name": name}
            for name in values
            if name not in types
        ]
        messages += [
            _("%(name)s: give a number from %(least)s to %(most)s.")
            % {"name": name, "least": ALLOWED_RANGES[name][0], "most": ALLOWED_RANGES[name][1]}
            for name, value in values.items()
            if name in types and not _is_allowed(value, types[name], ALLOWED_RANGES[name])
        ]
        if messages:
            raise ValidationError({"settings": messages})
        overridden = replace(self, **values)
        if overridden.silence_high_factor < overridden.silence_factor:
            message = _("silence_high_factor cannot be smaller than silence_factor.")
            raise ValidationError({"settings": [message]})
        return overridden

    def as_json(self) -> dict[str, int | float]:
        """Return the values by name, as ``ScoringRun.settings`` stores them."""
        return asdict(self)


# The least and the most each setting may be.
ALLOWED_RANGES: dict[str, tuple[float, float]] = {
    "window_days": (1, 3650),
    "min_purchase_days": (2, 365),  # the gap is divided by one day less
    "silence_factor": (1, 100),
    "silence_min_days": (1, 3650),
    "silence_high_factor": (1, 100),
    "compare_days": (7, 730),
    "drop_below": (0, 1),
    "drop_min_previous": (1, 1_000_000_000),  # the share of a drop is divided by this revenue
}


def _is_allowed(value: object, expected_type: type, limits: tuple[float, float]) -> bool:
    """Tell whether the value has the type and is in range.

    A whole number is accepted for a float. True and False are refused, although ``bool`` is a
    subclass of ``int``.
    """
    allowed_types = int if expected_type is int else int | float
    if isinstance(value, bool) or not isinstance(value, allowed_types):
        return False
    return limits[0] <= value <= limits[1]
