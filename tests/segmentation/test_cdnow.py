"""The sample of a real shop, scored by the product and by hand, customer by customer."""

from datetime import date

import pandas as pd
import pytest

from segmentation.models import CustomerScore, ScoringRun
from tests.segmentation import cdnow, stories
from tests.segmentation.independent import expected

AS_OF = date(1998, 7, 1)


def as_frame(run: ScoringRun) -> pd.DataFrame:
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
    ("as_of", "window", "segments"),
    [(AS_OF, 365, 6), (AS_OF, 3650, 9), (date(1998, 1, 15), 90, 6)],
)
def test_sample_scored_matches_independent_computation(
    as_of: date, window: int, segments: int
) -> None:
    purchases = cdnow.read_sample()
    assert purchases["customer"].nunique() == 2357
    cdnow.load(purchases)

    run = stories.score(as_of, window_days=window)

    wanted = expected(purchases, as_of, window).sort_index()
    found = as_frame(run)
    pd.testing.assert_frame_equal(found, wanted[found.columns], check_dtype=False)
    assert len(found) == run.customers == 2357
    assert run.flagged_watch == (wanted["level"] == 1).sum() > 0
    assert run.flagged_high == (wanted["level"] == 2).sum() > 0
    assert wanted["segment_intl"].nunique() >= segments


@pytest.mark.django_db
def test_refunds_and_rhythm_on_the_sample_match_independent_computation() -> None:
    purchases = cdnow.read_sample()
    refunds = purchases[purchases.index % 7 == 0].assign(
        cents=lambda frame: -2 * frame["cents"] - 1,
        day=lambda frame: frame["day"] + pd.Timedelta(days=5),
    )
    purchases = pd.concat([purchases, refunds])
    cdnow.load(purchases)

    run = stories.score(AS_OF)

    wanted = expected(purchases, AS_OF).sort_index()
    found = as_frame(run)
    pd.testing.assert_frame_equal(found, wanted[found.columns], check_dtype=False)
    assert (found["monetary"] < 0).any()


@pytest.mark.django_db
def test_equal_values_of_the_sample_share_a_score() -> None:
    purchases = cdnow.read_sample()
    cdnow.load(purchases)

    frame = as_frame(stories.score(AS_OF, window_days=3650))

    assert (frame["frequency"] == 1).mean() > 0.5
    assert frame.groupby("frequency")["f"].nunique().max() == 1
    assert frame.groupby("recency_days")["r"].nunique().max() == 1
    assert frame.groupby("monetary")["m"].nunique().max() == 1
