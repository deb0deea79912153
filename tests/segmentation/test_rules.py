"""The rules of scoring, one by one: who is scored, over which days, who is flagged and why."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from crm.models import Customer
from segmentation.models import ChurnReason, CustomerScore
from segmentation.reasons import reason_sentences
from tests.cast import Cast
from tests.crm.factories import make_batch, make_customer, make_transaction
from tests.segmentation.factories import (
    make_published_run,
    make_queued_run,
    scores_by_customer,
)

AS_OF = date(2026, 7, 1)


class PurchaseHistory:
    """Makes customers with the given purchases.

    A purchase is ``(30, "10.00")``: 10.00 on the day 30 days before AS_OF. A negative amount is a
    refund.
    """

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.batch = make_batch(cast.sysadmin)

    def make_customer(self, *purchases: tuple[int, str]) -> Customer:
        customer = make_customer(self.cast.lanzhou)
        for days, amount in purchases:
            make_transaction(
                customer, on=AS_OF - timedelta(days=days), amount=amount, batch=self.batch
            )
        return customer


@pytest.fixture
def history(cast: Cast) -> PurchaseHistory:
    return PurchaseHistory(cast)


def score_of(customer: Customer, **overrides: object) -> CustomerScore:
    return scores_by_customer(make_published_run(AS_OF, **overrides))[customer.pk]


def test_purchases_on_the_as_of_day_and_later_do_not_count(history: PurchaseHistory) -> None:
    customer = history.make_customer((1, "10.00"), (0, "500.00"), (-1, "500.00"))
    too_new = history.make_customer((0, "500.00"))

    scores = scores_by_customer(make_published_run(AS_OF))

    assert too_new.pk not in scores
    assert scores[customer.pk].recency_days == 1
    assert scores[customer.pk].monetary == Decimal("10.00")


def test_window_includes_its_first_day_and_nothing_before(history: PurchaseHistory) -> None:
    customer = history.make_customer((30, "10.00"), (31, "500.00"))

    score = score_of(customer, window_days=30)

    assert (score.frequency, score.monetary) == (1, Decimal("10.00"))
    assert score.first_on == AS_OF - timedelta(days=31)


def test_customer_who_bought_only_before_the_window_has_no_frequency_or_revenue(
    history: PurchaseHistory,
) -> None:
    score = score_of(history.make_customer((400, "10.00")))

    assert (score.recency_days, score.frequency, score.monetary) == (400, 0, Decimal(0))


def test_refunds_lower_the_revenue_and_do_not_count_as_purchases(history: PurchaseHistory) -> None:
    customer = history.make_customer((40, "100.00"), (10, "-30.00"), (20, "0.00"))

    score = score_of(customer)

    assert (score.frequency, score.recency_days) == (2, 20)
    assert score.monetary == Decimal("70.00")


def test_customer_with_refunds_only_is_not_scored(history: PurchaseHistory) -> None:
    customer = history.make_customer((40, "-100.00"))

    assert customer.pk not in scores_by_customer(make_published_run(AS_OF))


@pytest.mark.parametrize(
    ("days_of_purchases", "level", "reasons"),
    [
        pytest.param([120, 90, 60], 1, ["silence"], id="twice the usual gap"),
        pytest.param([119, 89, 59], 0, [], id="a day less than twice"),
        pytest.param([180, 150, 120], 2, ["silence"], id="four times the usual gap"),
        pytest.param([179, 149, 119], 1, ["silence"], id="a day less than four times"),
        pytest.param([90, 60], 0, [], id="two days give no usual gap"),
        pytest.param([60, 60, 60, 30], 0, [], id="several purchases on a day are one day"),
        pytest.param([23, 18, 13], 0, [], id="never before 14 days"),
        pytest.param([24, 19, 14], 1, ["silence"], id="from 14 days on"),
    ],
)
def test_silence_flags(
    history: PurchaseHistory, days_of_purchases: list[int], level: int, reasons: list[str]
) -> None:
    score = score_of(history.make_customer(*((days, "1.00") for days in days_of_purchases)))

    assert (score.churn_level, score.churn_reasons) == (level, reasons)


@pytest.mark.parametrize(
    ("previous_quarter", "last_quarter", "level"),
    [
        pytest.param("1000.00", "599.99", 1, id="below 60 %"),
        pytest.param("1000.00", "600.00", 0, id="60 % is not a drop"),
        pytest.param("100.00", "1.00", 1, id="the smallest previous revenue that counts"),
        pytest.param("99.99", "1.00", 0, id="too little previous revenue to count"),
    ],
)
def test_drop_flags(
    history: PurchaseHistory, previous_quarter: str, last_quarter: str, level: int
) -> None:
    score = score_of(history.make_customer((91, previous_quarter), (90, last_quarter)))

    assert (score.churn_level, score.churn_reasons) == (level, ["drop"] * level)
    assert score.spend_previous_quarter == Decimal(previous_quarter)
    assert score.spend_last_quarter == Decimal(last_quarter)


def test_silence_and_drop_together_are_a_high_risk(history: PurchaseHistory) -> None:
    score = score_of(history.make_customer((155, "100.00"), (125, "100.00"), (95, "100.00")))

    assert (score.churn_level, score.churn_reasons) == (2, ["silence", "drop"])
    assert score.usual_gap_days == 30


def test_run_stores_the_settings_it_used(history: PurchaseHistory) -> None:
    history.make_customer((10, "1.00"))

    run = make_published_run(AS_OF, window_days=90, silence_factor=3.5)

    assert run.settings["window_days"] == 90
    assert run.settings["silence_factor"] == 3.5
    assert run.settings["drop_below"] == 0.6


@pytest.mark.django_db
@pytest.mark.parametrize(
    "overrides",
    [
        {"windowdays": 90},
        {"window_days": 0},
        {"window_days": 90.5},
        {"window_days": "90"},
        {"window_days": True},
        {"drop_below": 1.5},
        {"drop_below": float("nan")},
        {"drop_min_previous": 0},
        {"silence_factor": 5, "silence_high_factor": 4},
    ],
)
def test_unknown_or_invalid_settings_are_refused(overrides: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as error:
        make_queued_run(AS_OF, **overrides)
    assert list(error.value.message_dict) == ["settings"]


def test_gap_in_the_reason_is_rounded_like_the_figure_beside_it() -> None:
    score = CustomerScore(
        recency_days=15, usual_gap_days=5.36, silence_ratio=2.8, churn_reasons=[ChurnReason.SILENCE]
    )
    with translation.override("en"):
        assert reason_sentences(score) == ["Silent for 15 days, usually buys every 5.4 days"]
