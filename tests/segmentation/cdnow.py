"""The CDNOW sample: 2,357 customers of a record shop, 1997-01 to 1998-06.

Its rows ship in the package ``lifetimes``, which is never imported: only its data file is read.
Columns: master id, sample id, date, number of CDs, amount.
"""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from django.db import connection, transaction

from accounts.models import OrgUnit
from common.copying import copy_rows
from crm.models import BillingSystem
from crm.models.transaction import TransactionKind
from segmentation.services.run import scheduler
from tests.crm.factories import make_batch
from tests.history import fixture_changes

CUSTOMERS = 2357
FILE = "datasets/CDNOW_sample.txt"


def read_sample() -> pd.DataFrame:
    """Return the columns customer (sample id), day and cents (amount), one row per purchase."""
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


def load_purchases(frame: pd.DataFrame) -> None:
    """Write the customers and purchases to the database by COPY. Commits if no transaction is open.

    A customer's id in the database is the one in the frame. The column ``amount`` stores cents.
    """
    with fixture_changes():
        system = BillingSystem.objects.create(code="cdnow", name_zh="样本", name_en="Sample")
    batch = make_batch(scheduler())
    unit = OrgUnit.objects.get(parent__isnull=True)
    created_at = updated_at = "1998-07-01"
    stage, version = "signed", 1
    with transaction.atomic(), fixture_changes(), connection.cursor() as cursor:
        copy_rows(
            cursor,
            "COPY crm_customer (id, code, name, unit_id, stage, version, created_at, updated_at)"
            " FROM STDIN",
            (
                (id_, f"CD{id_}", f"CD {id_}", unit.pk, stage, version, created_at, updated_at)
                for id_ in frame["customer"].unique()
            ),
        )
        batch_columns = (batch.pk, system.pk, "CNY")
        copy_rows(
            cursor,
            "COPY crm_transaction (external_id, customer_id, occurred_on, amount, kind, batch_id,"
            " billing_system_id, currency) FROM STDIN",
            (
                (f"CD{number}", customer, day.date(), cents, _kind(cents), *batch_columns)
                for number, (customer, day, cents) in enumerate(frame.itertuples(index=False))
            ),
        )


def _kind(cents: int) -> TransactionKind:
    return TransactionKind.ORDER if cents >= 0 else TransactionKind.REFUND
