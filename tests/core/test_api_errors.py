"""All errors of the API have the same format and a stable code."""

from typing import Any

import pytest

from crm.api import customers
from tests.cast import Cast
from tests.core.api import key_client

TOO_LARGE_BODY = '"' + "x" * 11 * 2**20


def _is_problem(response: Any, status: int, code: str) -> bool:
    body = response.json()
    return (
        response.status_code == body["status"] == status
        and body["code"] == code
        and bool(body["title"])
        and response["Content-Type"] == "application/problem+json"
        and set(body) <= {"code", "title", "status", "errors", "reference"}
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status", "code"),
    [
        ("GET", "/api/v1/nowhere/", "", "", 404, "not_found"),
        ("GET", "/api/", "", "", 404, "not_found"),
        ("GET", "/api/v2/customers/", "", "", 404, "not_found"),
        ("GET", "/api/v1/customers/0/", "", "", 404, "not_found"),
        ("GET", "/api/v1/customers/99999999999999999999999/", "", "", 404, "not_found"),
        ("GET", "/api/v1/customers/by-code/%00/", "", "", 404, "not_found"),
        ("DELETE", "/api/v1/customers/", "", "", 405, "method_not_allowed"),
        ("PUT", "/api/v1/customers/1/", "{}", "application/json", 405, "method_not_allowed"),
        ("OPTIONS", "/api/v1/customers/", "", "", 405, "method_not_allowed"),
        ("POST", "/api/v1/me/", "{}", "application/json", 405, "method_not_allowed"),
        ("POST", "/api/v1/customers/", "{", "application/json", 400, "parse_error"),
        ("POST", "/api/v1/customers/", "\xff", "application/json", 400, "parse_error"),
        ("POST", "/api/v1/customers/", "[" * 100_000, "application/json", 400, "parse_error"),
        ("POST", "/api/v1/customers/", '{"\\ud800": 1}', "application/json", 400, "invalid"),
        ("POST", "/api/v1/customers/", TOO_LARGE_BODY, "application/json", 400, "bad_request"),
        ("POST", "/api/v1/customers/", "[]", "application/json", 400, "invalid"),
        ("POST", "/api/v1/customers/", '{"name": NaN}', "application/json", 400, "parse_error"),
        ("POST", "/api/v1/customers/", "", "application/json", 400, "invalid"),
        ("POST", "/api/v1/customers/", "a=1", "text/plain", 415, "unsupported_media_type"),
    ],
)
def test_error_is_a_problem_with_a_code(  # noqa: PLR0917 (one per column)
    cast: Cast, method: str, path: str, body: str, content_type: str, status: int, code: str
) -> None:
    data = body.encode("latin-1")
    response = key_client(cast.head).send(method, path, data=data, content_type=content_type)
    assert _is_problem(response, status, code), (response.status_code, response.content)


def test_request_for_another_format_than_json_is_refused(cast: Cast) -> None:
    client = key_client(cast.head)
    response = client.get("/api/v1/customers/", headers={"Accept": "text/html"})
    assert _is_problem(response, 406, "not_acceptable")


def test_unexpected_exception_is_a_problem_with_a_reference(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(customers, "create_customer", fail)
    client = key_client(cast.head)
    client.raise_request_exception = False
    response = client.post(
        "/api/v1/customers/", '{"code": "A", "name": "A"}', content_type="application/json"
    )
    assert _is_problem(response, 500, "internal_server_error")
    assert response.json()["reference"] in caplog.text
    assert "ZeroDivision" not in response.content.decode()


def test_schema_is_available_to_every_user(cast: Cast) -> None:
    assert key_client(cast.agent).get("/api/v1/schema/").json()["openapi"].startswith("3.")
