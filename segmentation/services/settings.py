"""What a run goes by. The values used are kept with the run, so that every figure can be retold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class ScoringSettings:
    """Windows in days, amounts in units of the currency, factors as plain numbers."""

    # RFM: purchases and revenue are counted over this many days before the as-of date.
    window_days: int = 365
    # Silence: from this many days with purchases on, a customer has a rhythm …
    min_purchase_days: int = 3
    # … and is silent after this many usual gaps, but never before this many days; …
    silence_factor: float = 2.0
    silence_min_days: int = 14
    # … after this many usual gaps that alone is a high risk.
    silence_high_factor: float = 4.0
    # Drop: revenue of the last so many days below this share of as many days before, when that
    # was at least so much.
    compare_days: int = 90
    drop_below: float = 0.6
    drop_min_previous: int = 100

    @classmethod
    def company_default(cls) -> Self:
        """Return the settings in force."""
        return cls(window_days=settings.SCORING_WINDOW_DAYS)

    def override(self, values: Mapping[str, Any]) -> Self:
        """Return these settings with some values replaced.

        Raises ValidationError, under ``settings``, for a name that is none or an unfit value.
        """
        known: dict[str, type[int] | type[float]] = {
            field.name: type(getattr(self, field.name)) for field in fields(self)
        }
        problems = [
            _("%(name)s is no setting of scoring.") % {"name": name}
            for name in values
            if name not in known
        ]
        problems += [
            _("%(name)s: give a number from %(least)s to %(most)s.")
            % {"name": name, "least": RANGES[name][0], "most": RANGES[name][1]}
            for name, value in values.items()
            if name in known and not _fits(value, known[name], RANGES[name])
        ]
        if problems:
            raise ValidationError({"settings": problems})
        changed = replace(self, **values)
        if changed.silence_high_factor < changed.silence_factor:
            message = _("silence_high_factor cannot be smaller than silence_factor.")
            raise ValidationError({"settings": [message]})
        return changed

    def as_json(self) -> dict[str, int | float]:
        """Return what the run keeps."""
        return asdict(self)


RANGES: dict[str, tuple[float, float]] = {
    "window_days": (1, 3650),
    "min_purchase_days": (2, 365),
    "silence_factor": (1, 100),
    "silence_min_days": (1, 3650),
    "silence_high_factor": (1, 100),
    "compare_days": (7, 730),
    "drop_below": (0, 1),
    "drop_min_previous": (0, 1_000_000_000),
}


def _fits(value: object, kind: type, limits: tuple[float, float]) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
        return False
    return limits[0] <= value <= limits[1]
