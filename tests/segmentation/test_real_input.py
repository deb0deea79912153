"""End to end: the CDNOW file is imported by the command and scored by a real worker."""

from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from crm.models import Customer
from segmentation.models import RunState, ScoringRun
from tests.segmentation import cdnow
from tests.segmentation.reference_scoring import expected_scores
from tests.segmentation.test_cdnow import scores_as_frame
from tests.workers import running_worker

AS_OF = date(1998, 7, 1)  # the day after the last purchase of the sample

pytestmark = pytest.mark.worker


def test_scores_of_the_imported_file_match_the_reference_scores(
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
    with running_worker(own_database):
        call_command("nightly", as_of=AS_OF)

    run = ScoringRun.objects.get()
    assert (run.state, run.customers) == (RunState.PUBLISHED, cdnow.CUSTOMERS)
    ids = {int(code): pk for code, pk in Customer.objects.values_list("code", "pk")}
    imported = purchases.assign(customer=purchases["customer"].map(ids))
    expected, found = expected_scores(imported, AS_OF).sort_index(), scores_as_frame(run)
    assert found.equals(found.sort_index())
    for column in found.columns:
        assert list(found[column]) == list(expected[column]), column
