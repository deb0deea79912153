"""Why a value cannot be accepted: stable codes with texts for people."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ValueFault(TextChoices):
    """Faults of one value, shared by forms, the API, the administration and imports.

    The parsers in ``common.parsing`` raise UnreadableError with the same codes.
    """

    MISSING = "missing", _("Must not be empty")
    TOO_LONG = "too_long", _("Too long")
    BAD_CHARACTER = "bad_character", _("Holds a character that is not text")
    NOT_A_NUMBER = "not_a_number", _("Not a number; write 1234.5")
    NOT_WHOLE = "not_whole", _("Write a whole number")
    TOO_MANY_DECIMALS = "too_many_decimals", _("Too many decimals")
    OUT_OF_RANGE = "out_of_range", _("The number is too large or too small")
    NOT_A_DATE = "not_a_date", _("Not a date; write 1997-01-31")
    NO_SUCH_DATE = "no_such_date", _("There is no such day")
    DATE_OUT_OF_RANGE = (
        "date_out_of_range",
        _("The date lies too far back or too far ahead"),
    )
    NOT_A_PERIOD = "not_a_period", _("Not a period; write last_30_days or this_month")
    NOT_AN_AMOUNT = "not_an_amount", _("Not an amount; write 1234.56")
    EXPONENT = "exponent", _("Write the amount out, without an exponent")
    TOO_PRECISE = "too_precise", _("More than two decimals")
    TOO_LARGE = "too_large", _("The amount is too large")
    NOT_YES_OR_NO = "not_yes_or_no", _("Write yes or no")
    NOT_IN_LIST = "not_in_list", _("Not in the list; give a code or a name of it")
    NOT_YOURS = "not_yours", _("Not found or not yours")
    NOT_A_PHONE = "not_a_phone", _("Not a phone number; write digits, +, spaces and hyphens")
    NOT_AN_EMAIL = "not_an_email", _("Not an e-mail address; write name@example.com")
    NOT_A_URL = "not_a_url", _("Not an address; write https://example.com")
