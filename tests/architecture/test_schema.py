"""Generated requests to the API: no server errors, and responses that conform to the schema.

Every operation gets the same few requests in each run; each is rolled back before the next.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from pytest_django import Settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import User
from config.wsgi import application
from tests.core.api import new_key
from tests.core.jobs.factories import make_job
from tests.crm.factories import make_interaction
from tests.permission_matrix import World, make_world
from tests.satisfaction.factories import make_complaint

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
REQUESTS_PER_OPERATION = 10
OPERATIONS = {
    "GET /api/v1/complaints/{id}/files/",
    "POST /api/v1/complaints/{id}/files/",
    "GET /api/v1/complaints/{id}/files/{file_id}/",
    "DELETE /api/v1/complaints/{id}/files/{file_id}/",
    "GET /api/v1/interactions/{id}/files/",
    "POST /api/v1/interactions/{id}/files/",
    "GET /api/v1/interactions/{id}/files/{file_id}/",
    "DELETE /api/v1/interactions/{id}/files/{file_id}/",
    "GET /api/v1/customers/{id}/files/",
    "POST /api/v1/customers/{id}/files/",
    "GET /api/v1/customers/{id}/files/{file_id}/",
    "DELETE /api/v1/customers/{id}/files/{file_id}/",
    "GET /api/v1/complaints/",
    "POST /api/v1/complaints/",
    "GET /api/v1/complaints/{id}/",
    "GET /api/v1/complaints/by-number/{number}/",
    "POST /api/v1/complaints/{id}/comments/",
    "POST /api/v1/complaints/{id}/close/",
    "POST /api/v1/complaints/{id}/reopen/",
    "GET /api/v1/customers/",
    "POST /api/v1/customers/",
    "GET /api/v1/customers/{id}/",
    "PATCH /api/v1/customers/{id}/",
    "GET /api/v1/customers/by-code/{code}/",
    "GET /api/v1/billing-systems/",
    "GET /api/v1/categories/",
    "GET /api/v1/grades/",
    "GET /api/v1/industries/",
    "GET /api/v1/sources/",
    "GET /api/v1/units/",
    "GET /api/v1/users/",
    "GET /api/v1/interactions/",
    "POST /api/v1/interactions/",
    "POST /api/v1/interactions/bulk/",
    "DELETE /api/v1/interactions/{id}/",
    "GET /api/v1/interactions/{id}/",
    "PATCH /api/v1/interactions/{id}/",
    "GET /api/v1/jobs/",
    "GET /api/v1/jobs/{id}/",
    "GET /api/v1/jobs/{id}/file/",
    "POST /api/v1/jobs/{id}/cancel/",
    "GET /api/v1/me/",
    "GET /api/v1/notices/",
    "GET /api/v1/saved-views/",
    "POST /api/v1/notices/read/",
    "POST /api/v1/notices/{id}/read/",
    "GET /api/v1/scores/",
    "GET /api/v1/scoring-runs/",
    "POST /api/v1/scoring-runs/",
    "GET /api/v1/scoring-runs/{id}/",
    "GET /api/v1/transactions/",
    "POST /api/v1/transactions/bulk/",
}


@pytest.fixture
def world(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    monkeypatch.setattr("core.services.job.send_job", print)  # no generated run is executed
    # Django closes the connection between requests, but here it is the test's connection.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield make_world()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _operations(user: User) -> dict[str, Any]:
    """Return the operations of the schema by label: ``"GET /api/v1/me/"``."""
    headers = {"Authorization": f"Bearer {new_key(user)}"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application, headers=headers)
    operations = list(schema.get_all_operations())
    assert all(isinstance(result, Ok) for result in operations)
    return {result.ok().label: result.ok() for result in operations if isinstance(result, Ok)}


def _send_requests(operation: Any, key: str, existing: dict[str, Any]) -> int:
    """Send the generated requests of one operation and return their number.

    ``existing`` has the path parameters of a record that exists, by their names.
    """
    sent = 0

    @settings(
        max_examples=REQUESTS_PER_OPERATION, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        nonlocal sent
        sent += 1
        if sent % 2 and case.path_parameters:  # every second request is for an existing record
            case.path_parameters |= {
                name: existing[name] for name in case.path_parameters if name in existing
            }
        with transaction.atomic():
            case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
            transaction.set_rollback(True)  # undoes what the request wrote

    send()
    return sent


@pytest.mark.slow
@pytest.mark.parametrize("user_name", ["agent", "division_admin", "sysadmin"])
def test_responses_to_generated_requests_conform_to_the_schema(
    world: World, user_name: str
) -> None:
    user: User = getattr(world.cast, user_name)
    key, operations = new_key(user), _operations(user)
    assert set(operations) == OPERATIONS
    complaint = make_complaint(world.own_customer, actor=world.cast.manager)
    # So that the id in paths is that of a customer and of an interaction.
    make_interaction(world.own_customer, world.cast.manager, id=world.own_customer.pk)
    customer_keys = {"id": world.own_customer.pk, "code": world.own_customer.code}
    complaint_keys = {"id": complaint.pk, "number": complaint.number}
    job = make_job(user)
    for label, operation in operations.items():
        existing: dict[str, Any] = customer_keys
        if "/complaints/" in label:
            existing = complaint_keys
        elif "/jobs/" in label:
            existing = {"id": job.pk}
        assert _send_requests(operation, key, existing) >= 1, label
