"""Authentication of the API: by key, by session, and not otherwise."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import ApiKey
from staff.services.key import issue_key, revoke_key
from staff.services.user import save_user
from tests.cast import Cast
from tests.conftest import Login
from tests.core.api import KeyClient, key_client
from tests.history import fixture_changes

ME_URL = "/api/v1/me/"


def test_key_issued_by_the_administrator_authenticates(cast: Cast) -> None:
    key, text = issue_key(actor=cast.sysadmin, user_id=cast.manager.pk, name="ERP", days=30)
    assert KeyClient(text).get(ME_URL).json()["employee_number"] == "manager"
    assert text not in {key.digest, key.token_key}


def test_me_returns_account_role_unit_and_permissions(cast: Cast) -> None:
    assert key_client(cast.agent).get(ME_URL).json() == {
        "id": cast.agent.pk,
        "employee_number": "agent",
        "name": "Ada Agent",
        "is_service": False,
        "language": "en",
        "role": {"code": "service_agent", "name": "Service agent"},
        "access_level": "subtree",
        "unit": {"code": "GS", "name": "Gs"},
        "permissions": [
            "customer.view",
            "transaction.view",
            "interaction.view",
            "interaction.log",
            "complaint.view",
            "complaint.work",
            "score.view",
        ],
    }


def test_expired_key_is_refused(cast: Cast) -> None:
    client = key_client(cast.manager)
    with fixture_changes():
        ApiKey.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert client.get(ME_URL).status_code == HTTPStatus.UNAUTHORIZED


def test_revoked_key_is_refused_at_once(cast: Cast) -> None:
    key, text = issue_key(actor=cast.sysadmin, user_id=cast.manager.pk, name="ERP", days=30)
    client = KeyClient(text)
    assert client.get(ME_URL).status_code == HTTPStatus.OK
    revoke_key(actor=cast.sysadmin, digest=key.digest)
    assert client.get(ME_URL).status_code == HTTPStatus.UNAUTHORIZED


def test_key_of_an_inactive_user_is_refused(cast: Cast) -> None:
    client = key_client(cast.manager)
    save_user(actor=cast.sysadmin, user_id=cast.manager.pk, is_active=False)
    assert client.get(ME_URL).status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a b",
        "Bearer \xff\xfe",
        "Basic YTpi",
        "Bearer " + "f" * 64,
    ],
)
def test_malformed_authorization_header_is_refused(cast: Cast, header: str) -> None:
    response = Client(headers={"Authorization": header}).get(ME_URL)
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == "Bearer"
    assert set(response.json()) == {"code", "title", "status"}


def test_every_invalid_key_gets_the_same_message(cast: Cast) -> None:
    expired, inactive = key_client(cast.manager), key_client(cast.agent)
    with fixture_changes():
        ApiKey.objects.filter(user=cast.manager).update(expiry=timezone.now() - timedelta(days=1))
    save_user(actor=cast.sysadmin, user_id=cast.agent.pk, is_active=False)
    bodies = {client.get(ME_URL).content for client in (expired, inactive, KeyClient("0" * 64))}
    assert len(bodies) == 1


def test_session_reads_and_needs_the_csrf_token_to_write(cast: Cast, login: Login) -> None:
    assert login(cast.manager).get(ME_URL).status_code == HTTPStatus.OK
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.manager)
    response = client.post("/api/v1/customers/", "{}", content_type="application/json")
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert response.json()["code"] == "forbidden"


def test_messages_are_in_the_language_of_the_request(cast: Cast) -> None:
    path = "/api/v1/customers/987654321/"
    english = key_client(cast.manager, "en").get(path).json()
    chinese = key_client(cast.manager, "zh-CN").get(path).json()
    assert english["title"] == "Not found or not yours"
    assert english["code"] == chinese["code"] == "not_found"
    unit = [
        key_client(cast.manager, language).get(ME_URL).json()["unit"]["name"]
        for language in ("en", "zh-CN")
    ]
    assert unit == ["Gslz", "兰州分公司"]


def test_calls_beyond_the_limit_per_minute_are_throttled(cast: Cast, settings: Settings) -> None:
    settings.API_CALLS_PER_MINUTE = 2
    client, other_client = key_client(cast.manager), key_client(cast.manager)
    responses = [client.get(ME_URL) for _ in range(5)]
    # The five calls fall into at most two minutes, so one of the minutes has more than two of them.
    throttled = next(
        response for response in responses if response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    )
    assert throttled.json()["code"] == "throttled"
    assert 0 < int(throttled["Retry-After"]) <= 61
    assert other_client.get(ME_URL).status_code == HTTPStatus.OK


@pytest.mark.parametrize("days", [0, 731, -1])
def test_key_has_a_term_of_at_most_two_years(cast: Cast, days: int) -> None:
    with pytest.raises(ValidationError):
        issue_key(actor=cast.sysadmin, user_id=cast.manager.pk, name="ERP", days=days)


def test_issuing_and_revoking_need_the_permission(cast: Cast) -> None:
    key, _text = issue_key(actor=cast.sysadmin, user_id=cast.manager.pk, name="ERP", days=1)
    with pytest.raises(PermissionDenied):
        issue_key(actor=cast.head, user_id=cast.manager.pk, name="ERP", days=1)
    with pytest.raises(PermissionDenied):
        revoke_key(actor=cast.head, digest=key.digest)
