"""Three custom fields of the customer, as an administrator would add them, and their values.

An example of the stored values: ``{"leased_lines": 12, "contract_type": "fixed",
"renewal_on": "2026-09-30"}``. An open-ended contract has no ``renewal_on``.
"""

import json
import random
from datetime import date, timedelta

from core.models import CustomFieldKind
from core.services.custom_field import save_custom_field
from crm.fields import CUSTOMER
from segmentation.services.run import scheduler

# Code: Chinese name, English name, percentage of customers.
CONTRACT_TYPES = {"fixed": ("固定期限", "Fixed term", 70), "open": ("不定期", "Open-ended", 30)}
MAX_DAYS_TO_RENEWAL = 720
MAX_LINES_BY_GRADE = {"AA": 240, "A": 60, "B": 16, "C": 5, "D": 2}


def make_custom_fields() -> None:
    """Add the fields: leased lines, contract type, renewal date."""
    # The importer, who makes the company, may not manage custom fields. The scheduler may: its role
    # is system administrator.
    administrator = scheduler()
    for position, (key, zh, en, kind) in enumerate(
        (
            ("leased_lines", "专线条数", "Leased lines", CustomFieldKind.NUMBER),
            ("contract_type", "合同类型", "Contract type", CustomFieldKind.CHOICE),
            ("renewal_on", "续约日期", "Renewal date", CustomFieldKind.DATE),
        ),
        start=1,
    ):
        choices = [
            {"code": code, "zh": name_zh, "en": name_en}
            for code, (name_zh, name_en, _share) in CONTRACT_TYPES.items()
        ]
        save_custom_field(
            actor=administrator,
            record_type=CUSTOMER.name,
            key=key,
            label_zh=zh,
            label_en=en,
            kind=kind,
            choices=choices if kind == CustomFieldKind.CHOICE else [],
            in_list=key == "leased_lines",
            position=position,
        )


def make_custom_values(rng: random.Random, grade: str, as_of: date) -> str:
    """Return the values of one buying customer as JSON, for the column ``custom_values``."""
    codes = list(CONTRACT_TYPES)
    contract_type = rng.choices(codes, [CONTRACT_TYPES[code][2] for code in codes])[0]
    values: dict[str, object] = {
        "leased_lines": rng.randint(1, MAX_LINES_BY_GRADE[grade]),
        "contract_type": contract_type,
    }
    if contract_type == "fixed":
        renewal = as_of + timedelta(days=rng.randint(5, MAX_DAYS_TO_RENEWAL))
        values["renewal_on"] = renewal.isoformat()
    return json.dumps(values)
