"""Three custom fields of the customer, as an administrator would add them, and their values.

An example of the stored values: ``{"leased_lines": 12, "contract_type": "fixed",
"renewal_on": "2026-09-30"}``. An open-ended contract has no ``renewal_on``.
"""

import json
import random
from datetime import date, timedelta
from typing import NamedTuple

from core.models import CustomFieldKind
from core.services.custom_field import save_custom_field
from crm.fields import CUSTOMER
from segmentation.services.run import scheduler


class ContractType(NamedTuple):
    """A choice of the field ``contract_type``, and the percentage of customers who have it."""

    zh: str
    en: str
    percent: int


# By the code that is stored.
CONTRACT_TYPES = {
    "fixed": ContractType("固定期限", "Fixed term", 70),
    "open": ContractType("不定期", "Open-ended", 30),
}
# Key, Chinese label, English label, kind.
FIELDS = (
    ("leased_lines", "专线条数", "Leased lines", CustomFieldKind.NUMBER),
    ("contract_type", "合同类型", "Contract type", CustomFieldKind.CHOICE),
    ("renewal_on", "续约日期", "Renewal date", CustomFieldKind.DATE),
)
MIN_DAYS_TO_RENEWAL, MAX_DAYS_TO_RENEWAL = 5, 720  # after the as-of date
MAX_LINES_BY_GRADE = {"AA": 240, "A": 60, "B": 16, "C": 5, "D": 2}


def make_custom_fields() -> None:
    """Add the fields of FIELDS; the list of customers shows the leased lines as a column."""
    # The importer, who makes the company, may not manage custom fields. The scheduler may: its role
    # is system administrator.
    administrator = scheduler()
    choices = [
        {"code": code, "zh": contract_type.zh, "en": contract_type.en}
        for code, contract_type in CONTRACT_TYPES.items()
    ]
    for position, (key, label_zh, label_en, kind) in enumerate(FIELDS, start=1):
        save_custom_field(
            actor=administrator,
            record_type=CUSTOMER.name,
            key=key,
            label_zh=label_zh,
            label_en=label_en,
            kind=kind,
            choices=choices if kind == CustomFieldKind.CHOICE else [],
            in_list=key == "leased_lines",
            position=position,
        )


def make_custom_values(rng: random.Random, grade: str, as_of: date) -> str:
    """Return the values of one buying customer as JSON, for the column ``custom_values``."""
    percents = [contract_type.percent for contract_type in CONTRACT_TYPES.values()]
    contract_code = rng.choices(list(CONTRACT_TYPES), percents)[0]
    values: dict[str, object] = {
        "leased_lines": rng.randint(1, MAX_LINES_BY_GRADE[grade]),
        "contract_type": contract_code,
    }
    if contract_code == "fixed":
        renewal = as_of + timedelta(days=rng.randint(MIN_DAYS_TO_RENEWAL, MAX_DAYS_TO_RENEWAL))
        values["renewal_on"] = renewal.isoformat()
    return json.dumps(values)
