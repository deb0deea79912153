"""The CDNOW sample scored by the product and by the reference implementation, row by row."""

from datetime import date

import pandas as pd
import pytest

from segmentation.models import CustomerScore, ScoringRun
from tests.segmentation import cdnow
from tests.segmentation.factories import make_published_run
from tests.segmentation.reference_scoring import expected_scores

AS_OF = date(1998, 7, 1)


def scores_as_frame(run: ScoringRun) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "customer": score.customer_id,
                "first_on": pd.Timestamp(score.first_on),
                "last_on": pd.Timestamp(score.last_on),
                "purchase_days": score.purchase_days,
                "recency_days": score.recency_days,
                "frequency": score.frequency,
                "monetary": int(score.monetary * 100),
                "last_quarter": int(score.spend_last_quarter * 100),
                "previous_quarter": int(score.spend_previous_quarter * 100),
                "r": score.r,
                "f": score.f,
                "m": score.m,
                "segment_intl": score.segment_intl,
                "segment_cn": score.segment_cn,
                "level": score.churn_level,
                "reasons": score.churn_reasons,
            }
            for score in CustomerScore.objects.filter(run=run).order_by("customer_id")
        ]
    ).set_index("customer")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("as_of", "window", "least_segments"),
    [(AS_OF, 365, 6), (AS_OF, 3650, 9), (date(1998, 1, 15), 90, 6)],
)
def test_scores_of_the_sample_match_the_reference_scores(
    as_of: date, window: int, least_segments: int
) -> None:
    purchases = cdnow.read_sample()
    assert purchases["customer"].nunique() == 2357
    cdnow.load_purchases(purchases)

    run = make_published_run(as_of, window_days=window)

    expected = expected_scores(purchases, as_of, window).sort_index()
    found = scores_as_frame(run)
    pd.testing.assert_frame_equal(found, expected[found.columns], check_dtype=False)
    assert len(found) == run.customers == 2357
    assert run.flagged_watch == (expected["level"] == 1).sum() > 0
    assert run.flagged_high == (expected["level"] == 2).sum() > 0
    assert expected["segment_intl"].nunique() >= least_segments


@pytest.mark.django_db
def test_scores_of_the_sample_with_refunds_match_the_reference_scores() -> None:
    purchases = cdnow.read_sample()
    # Every seventh purchase is refunded doubly, so that some customers have negative revenue.
    refunds = purchases[purchases.index % 7 == 0].assign(
        cents=lambda frame: -2 * frame["cents"] - 1,
        day=lambda frame: frame["day"] + pd.Timedelta(days=5),
    )
    purchases = pd.concat([purchases, refunds])
    cdnow.load_purchases(purchases)

    run = make_published_run(AS_OF)

    expected = expected_scores(purchases, AS_OF).sort_index()
    found = scores_as_frame(run)
    pd.testing.assert_frame_equal(found, expected[found.columns], check_dtype=False)
    assert (found["monetary"] < 0).any()


@pytest.mark.django_db
def test_equal_values_of_the_sample_share_a_score() -> None:
    purchases = cdnow.read_sample()
    cdnow.load_purchases(purchases)

    frame = scores_as_frame(make_published_run(AS_OF, window_days=3650))

    assert (frame["frequency"] == 1).mean() > 0.5
    assert frame.groupby("frequency")["f"].nunique().max() == 1
    assert frame.groupby("recency_days")["r"].nunique().max() == 1
    assert frame.groupby("monetary")["m"].nunique().max() == 1
