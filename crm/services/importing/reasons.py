"""Why an import rejects a row: codes that programs can rely on, with texts for people."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from common.files import RowFault
from core.fields.faults import ValueFault


class RejectReason(TextChoices):
    """Reasons that only an import has.

    A row can also be rejected for a RowFault (it cannot be read) or a ValueFault (a cell is no
    value of its field).
    """

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
    MAY_NOT_PLACE = "may_not_place", _("Giving customers away takes the right to reassign them")
    IN_FUTURE = "in_future", _("Lies in the future")
    STEP_WITHOUT_DATE = (
        "step_without_date",
        _("A next step and its date are given together"),
    )
    RESERVED_ID = (
        "reserved_id",
        _("Such ids are made here for rows without one of their own; leave it empty"),
    )
    NOT_IN_CATEGORY = "not_in_category", _("Customers of this category do not have this field")
    CIRCULAR = "circular", _("The parent groups lead back to the customer, or too far up")


def reason_text(code: str) -> str:
    """Return the text of a reject's code in the active language; ValueError if unknown."""
    for choices in (RowFault, ValueFault, RejectReason):
        if code in choices.values:
            return str(choices(code).label)
    raise ValueError(code)
