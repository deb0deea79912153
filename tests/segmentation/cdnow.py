"""The CDNOW sample: 2,357 customers of a record shop, 1997-01 to 1998-06.

Its rows ship in the package ``lifetimes``, which is never imported: only its data file is read.
Columns: master id, sample id, date, number of CDs, amount.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from django.db import connection, transaction

from accounts.models import OrgUnit
from crm.models import BillingSystem
from crm.models.transaction import Kind
from segmentation.services.run import scheduler
from tests.crm.factories import make_batch
from tests.history import fixture_changes

FILE = "datasets/CDNOW_sample.txt"


def read_sample() -> pd.DataFrame:
    """Return customer (sample id), day and cents of every purchase."""
    spec = find_spec("lifetimes")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(next(iter(spec.submodule_search_locations))) / FILE
    frame = pd.read_csv(
        path, sep=r"\s+", header=None, names=["master", "customer", "day", "count", "amount"],
        dtype={"day": str, "amount": str},
    )  # fmt: skip
    return pd.DataFrame(
        {
            "customer": frame["customer"],
            "day": pd.to_datetime(frame["day"], format="%Y%m%d"),
            "cents": frame["amount"].str.replace(".", "", regex=False).astype("int64"),
        }
    )


def load(frame: pd.DataFrame) -> None:
    """Put purchases into the database by COPY; customer ids are the frame's own."""
    with fixture_changes():
        system = BillingSystem.objects.create(code="cdnow", name_zh="样本", name_en="Sample")
    batch = make_batch(scheduler())
    unit = OrgUnit.objects.get(parent__isnull=True)
    with transaction.atomic(), fixture_changes(), connection.cursor() as cursor:
        with cursor.copy(
            "COPY crm_customer (id, code, name, unit_id, stage, version, created_at, updated_at)"
            " FROM STDIN"
        ) as copy:
            for number in frame["customer"].unique():
                row = (int(number), f"CD{number}", f"CD {number}", unit.pk, "signed", 1)
                copy.write_row((*row, "1998-07-01", "1998-07-01"))
        with cursor.copy(
            "COPY crm_transaction (customer_id, occurred_on, amount, batch_id, billing_system_id,"
            " kind, currency, external_id) FROM STDIN"
        ) as copy:
            rows: Iterator[Any] = frame.itertuples(index=False)
            for number, row in enumerate(rows):
                kind = Kind.ORDER if row.cents >= 0 else Kind.REFUND
                bought = (row.customer, row.day.date(), row.cents)
                copy.write_row((*bought, batch.pk, system.pk, kind, "CNY", f"CD{number}"))
