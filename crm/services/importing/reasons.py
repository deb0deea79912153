"""Why a row is rejected: stable codes, and words for people."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from common.files import RowFault


class Reason(TextChoices):
    """What is wrong with a value, beyond what RowFault says of whole rows."""

    MISSING = "missing", _("Must not be empty")
    TOO_LONG = "too_long", _("Too long")
    NOT_A_DATE = "not_a_date", _("Not a date; write 1997-01-31")
    NO_SUCH_DATE = "no_such_date", _("There is no such day")
    DATE_OUT_OF_RANGE = (
        "date_out_of_range",
        _("The date lies before 1900 or more than a year ahead"),
    )
    NOT_AN_AMOUNT = "not_an_amount", _("Not an amount; write 1234.56")
    EXPONENT = "exponent", _("Write the amount out, without an exponent")
    TOO_PRECISE = "too_precise", _("More than two decimals")
    TOO_LARGE = "too_large", _("The amount is too large")
    UNKNOWN_KIND = "unknown_kind", _("Neither bill, order nor refund")
    ONLY_REFUNDS_NEGATIVE = (
        "only_refunds_negative",
        _("Refunds are negative; bills and orders are not"),
    )
    OTHER_CURRENCY = "other_currency", _("Only the company's own currency is accepted")
    UNKNOWN_CUSTOMER = "unknown_customer", _("Not found or not yours")
    EXISTS_ELSEWHERE = "exists_elsewhere", _("exists elsewhere; ask head office")
    BAD_CODE = "bad_code", _("A code is made of letters, digits and . _ / -")
    TWICE_IN_FILE = "twice_in_file", _("An earlier row of this file says something else")
    NOT_IN_LIST = "not_in_list", _("Not in the list; give a code or a name of it")
    NOT_YOURS = "not_yours", _("Not found or not yours")
    MAY_NOT_PLACE = "may_not_place", _("Giving customers away takes the right to reassign them")
    RESERVED_ID = (
        "reserved_id",
        _("Such ids are made here for rows without one of their own; leave it empty"),
    )
    CIRCULAR = "circular", _("The parent groups lead back to the customer, or too far up")


def describe(code: str) -> str:
    """Return a reason's words in the active language."""
    choices = RowFault if code in RowFault.values else Reason
    return str(choices(code).label)
