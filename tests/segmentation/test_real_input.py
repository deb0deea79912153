"""The main job from end to end: a real shop's file by the command, scored by a real worker."""

from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from crm.models import Customer
from segmentation.models import RunState, ScoringRun
from tests.segmentation import cdnow
from tests.segmentation.independent import expected
from tests.segmentation.test_cdnow import as_frame
from tests.segmentation.test_worker import worker

AS_OF = date(1998, 7, 1)

pytestmark = pytest.mark.worker


def test_file_imported_and_scored_by_a_worker_matches_independent_computation(
    own_database: str, tmp_path: Path
) -> None:
    purchases = cdnow.read_sample()
    file = tmp_path / "purchases.csv"
    amounts = [f"{cents // 100}.{cents % 100:02}" for cents in purchases["cents"]]
    purchases.assign(amount=amounts).to_csv(
        file, columns=["customer", "day", "amount"], header=["id", "date", "amount"], index=False
    )

    call_command(
        "import_transactions", str(file), map="customer=id", create_customers=True, verbosity=0
    )
    with worker(own_database):
        call_command("nightly", as_of=AS_OF)

    run = ScoringRun.objects.get()
    assert (run.state, run.customers) == (RunState.PUBLISHED, 2357)
    ids = {int(code): pk for code, pk in Customer.objects.values_list("code", "pk")}
    bought = purchases.assign(customer=purchases["customer"].map(ids))
    wanted, found = expected(bought, AS_OF).sort_index(), as_frame(run)
    assert found.equals(found.sort_index())
    for column in found.columns:
        assert list(found[column]) == list(wanted[column]), column
