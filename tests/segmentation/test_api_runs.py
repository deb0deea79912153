"""Scoring runs over the REST API."""

import json
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from segmentation.models import RunState, ScoringRun, ScoringStep
from segmentation.models.run import StepName
from tests.cast import Cast
from tests.core.api import key_client
from tests.segmentation.factories import make_failed_run

LIST_URL = "/api/v1/scoring-runs/"


def make_run(user: User, *, as_of: date = date(2026, 10, 1)) -> ScoringRun:
    """Make a failed run whose first step was done."""
    now = timezone.now()
    run = make_failed_run(
        user,
        as_of=as_of,
        settings={"window_days": 365},
        started_at=now,
        finished_at=now + timedelta(seconds=2),
    )
    ScoringStep.objects.create(
        run=run, position=1, name=StepName.AGGREGATE, started_at=now,
        finished_at=now + timedelta(seconds=1), rows=5,
    )  # fmt: skip
    return run


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the jobs that are sent, in place of the message queue."""
    job_ids: list[int] = []
    monkeypatch.setattr("core.services.job.send_job", job_ids.append)
    return job_ids


def start_run(user: User, **values: Any) -> Any:
    """Request a run by the API with these values as the body; return the response."""
    return key_client(user).post(LIST_URL, json.dumps(values), content_type="application/json")


def test_run_is_returned_with_its_steps_(cast: Cast) -> None:
    run = make_run(cast.sysadmin)
    body = key_client(cast.executive).get(f"{LIST_URL}{run.pk}/").json()
    assert (body["as_of"], body["state"], body["requested_by"]) == (
        "2026-10-01", "failed", "sysadmin",
    )  # fmt: skip
    assert (body["seconds"], body["reference"]) == (2.0, "abc")
    assert [(step["name"], step["rows"], step["seconds"]) for step in body["steps"]] == [
        ("aggregate", 5, 1.0)
    ]


def test_started_run_is_queued_and_sent_to_the_worker(
    cast: Cast, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = start_run(cast.sysadmin, as_of="2026-10-01")
    assert response.status_code == HTTPStatus.CREATED, response.content
    run = ScoringRun.objects.get()
    assert run.pk == response.json()["id"]
    assert sent == [run.job_id] == [response.json()["job"]]
    assert (run.channel, run.requested_by, run.state) == ("api", cast.sysadmin, RunState.QUEUED)


def test_second_run_is_refused_while_one_is_active(cast: Cast, sent: list[int]) -> None:
    start_run(cast.sysadmin)
    response = start_run(cast.sysadmin)
    assert response.status_code == HTTPStatus.CONFLICT
    assert response.json()["code"] == "run_active"


@pytest.mark.parametrize(
    "values", [{"as_of": "2999-01-01"}, {"as_of": "soon"}, {"asof": "2026-10-01"}]
)
def test_invalid_request_names_the_field(
    cast: Cast, sent: list[int], values: dict[str, str]
) -> None:
    response = start_run(cast.sysadmin, **values)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert list(response.json()["errors"]) == list(values)


def test_starting_needs_the_permission(cast: Cast, sent: list[int]) -> None:
    assert start_run(cast.head).status_code == HTTPStatus.FORBIDDEN
    assert not ScoringRun.objects.exists()


@pytest.mark.parametrize("rows", [2, 20])
def test_list_takes_the_same_queries_at_any_length(
    cast: Cast, rows: int, django_assert_num_queries: Any
) -> None:
    for day in range(rows):
        make_run(cast.sysadmin, as_of=date(2026, 1, 1) + timedelta(days=day))
    client = key_client(cast.executive)
    with django_assert_num_queries(4):  # the key with its user; the ids; the page; the steps
        assert len(client.get(LIST_URL).json()["results"]) == rows
