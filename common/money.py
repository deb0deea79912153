"""Money: Decimal amounts in Python, stored as integer hundredths of the currency (分).

The hundredths are called *minor units*: 12.34 yuan are 1234. The database sums integers faster than
the column type ``numeric`` (docs/adr/0006).
"""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

HUNDREDTHS = Decimal(100)  # in one unit of the currency
CENT = Decimal("0.01")


def to_minor(amount: Decimal) -> int:
    """Return the amount in hundredths: ``Decimal("12.34")`` becomes 1234.

    Raises ValueError, and does not round, when the amount has more than two decimals.
    """
    minor = amount * HUNDREDTHS
    if minor != minor.to_integral_value():
        raise ValueError(amount)
    return int(minor)


def from_minor(minor: int) -> Decimal:
    """Return hundredths as an amount with two decimals: 1234 becomes ``Decimal("12.34")``."""
    return (Decimal(minor) / HUNDREDTHS).quantize(CENT)


class MinorUnitsField(models.BigIntegerField[Decimal | int, Decimal]):
    """A model field: a Decimal with two decimals in Python, hundredths in a bigint column.

    Raw SQL sees the hundredths.
    """

    def from_db_value(self, value: int | Decimal | None, *_: object) -> Decimal | None:
        """Convert hundredths to an amount.

        ``value`` is a Decimal for the sum of a column, because PostgreSQL sums bigint as numeric.
        """
        return None if value is None else from_minor(int(value))

    def to_python(self, value: Any) -> Decimal | None:
        """Convert input to an amount, rounded to two decimals.

        Raises ValidationError if it is no number.
        """
        if value is None:
            return None
        try:
            return Decimal(value).quantize(CENT)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise ValidationError(_("Enter an amount with two decimals.")) from error

    def get_prep_value(self, value: Any) -> int | None:
        """Convert an amount to hundredths; raise ValueError if it has more than two decimals."""
        return None if value is None else to_minor(Decimal(value))
