"""The score table, created in SQL, matches its model, and every partition matches the table."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, models, transaction

from crm.models import Customer
from segmentation.models import CustomerScore
from tests.cast import Cast
from tests.crm.factories import make_batch, make_customer, make_transaction
from tests.segmentation.factories import make_published_run

AS_OF = date(2026, 7, 1)
TABLE = CustomerScore._meta.db_table


def columns(table: str) -> dict[str, tuple[str, bool]]:
    """Return type and NOT NULL of every column by name: ``{"r": ("smallint", True)}``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        return {str(name): (str(kind), bool(required)) for name, kind, required in cursor}


def constraints(table: str) -> dict[str, tuple[str, object]]:
    """Return whether each constraint or index is a primary key, and what a foreign key refers to.

    The keys are columns and definition instead of names, which differ between a partition and the
    table; only check constraints have the same name in both.
    """
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    return {
        f"{name if details['check'] else ''}{details['columns']}{details['definition']}": (
            str(details["primary_key"]),
            details["foreign_key"],
        )
        for name, details in found.items()
        if not name.endswith(("_not_null", "_run"))
    }


@pytest.fixture
def customer(cast: Cast) -> Customer:
    customer = make_customer(cast.lanzhou)
    make_transaction(customer, on=date(2026, 6, 1), amount="5.00", batch=make_batch(cast.sysadmin))
    return customer


@pytest.mark.django_db
def test_score_table_has_the_columns_of_the_model() -> None:
    expected = {}
    for field in CustomerScore._meta.local_concrete_fields:
        if isinstance(field, models.CompositePrimaryKey):
            continue
        kind = field.db_parameters(connection)["type"]
        expected[field.column] = (kind, not field.null)
    assert columns(TABLE) == expected


def test_partition_has_the_columns_constraints_and_indexes_of_the_table(customer: Customer) -> None:
    run = make_published_run(AS_OF)

    partition = f"segmentation_score_{run.pk}"
    assert columns(partition) == columns(TABLE)
    assert constraints(partition) == constraints(TABLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass", [partition])
        assert cursor.fetchone() == (1 + len(CustomerScore._meta.indexes),)


@pytest.mark.parametrize(
    "change",
    [
        {"r": 0},
        {"f": 6},
        {"m": 6},
        {"recency_days": 0},
        {"purchase_days": 0},
        {"frequency": -1},
        {"first_on": date(2026, 6, 30)},
        {"segment_cn": "best"},
        {"segment_intl": "best"},
        {"churn_level": 3},
        {"churn_level": 1},
        {"churn_reasons": ["silence"]},
        {"churn_level": 1, "churn_reasons": ["mood"]},
        {"usual_gap_days": 3.0},
        {"silence_ratio": -1.0, "usual_gap_days": 1.0},
        {"run": None},
        {"customer": 2_000_000_000},
    ],
    ids=str,
)
def test_impossible_values_are_refused_by_the_database(
    customer: Customer, change: dict[str, object]
) -> None:
    run = make_published_run(AS_OF)
    rows = CustomerScore.objects.filter(run=run)
    assert rows.count() == 1

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**change)
