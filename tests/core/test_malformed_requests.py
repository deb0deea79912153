"""Requests that no browser sends get a proper response, never a server error."""

import pytest
from django.test import Client

from tests.cast import Cast
from tests.conftest import Login

MULTIPART_BODY = b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\n\xff\r\n--b--\r\n'


@pytest.mark.parametrize("charset", ["rot13", "base64", "idna", "undefined", "gb18030"])
def test_form_in_another_encoding_is_refused(client: Client, db: None, charset: str) -> None:
    content_type = f"multipart/form-data; boundary=b; charset={charset}"
    assert (
        client.generic("POST", "/login/", MULTIPART_BODY, content_type=content_type).status_code
        == 400
    )
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    assert (
        client.generic("POST", "/login/", "login=%ff", content_type=content_type).status_code == 400
    )


def test_form_in_utf8_is_accepted(cast: Cast, client: Client) -> None:
    body = "login=manager&password=manager-secret-9"
    content_type = "application/x-www-form-urlencoded; charset=UTF-8"
    assert client.generic("POST", "/login/", body, content_type=content_type).status_code == 302


def test_encoding_of_a_body_does_not_apply_to_the_url(client: Client, db: None) -> None:
    content_type = "text/plain; charset=rot13"
    response = client.generic("GET", "/login/?next=%2Fprofile%2F", "", content_type=content_type)
    assert response.status_code == 200
    assert response.context["redirect_field_value"] == "/profile/"


def test_malformed_session_cookie_is_ignored(client: Client, db: None) -> None:
    cookie = r'sessionid="\000aaaaaaaaaaaa"'
    assert client.generic("GET", "/login/", HTTP_COOKIE=cookie).status_code == 200
    response = client.generic("GET", "/profile/", HTTP_COOKIE=cookie)
    assert response.headers["Location"].startswith("/login/")


@pytest.mark.parametrize(
    "address",
    [
        "/admin/crm/customer/?code__startswith=%00",
        "/admin/crm/customer/?stage__exact=%00",
        "/admin/accounts/apikey/%00/change/",
        "/admin/autocomplete/?app_label=crm&model_name=customer&field_name=parent&term=%00",
    ],
)
def test_nul_in_a_url_of_the_administration_is_refused(
    cast: Cast, login: Login, address: str
) -> None:
    assert login(cast.sysadmin).get(address).status_code == 400


@pytest.mark.parametrize("record", ["1/1", "1/999999", "999/1", "x/y"])
def test_admin_redirect_to_a_record_is_not_found(cast: Cast, login: Login, record: str) -> None:
    for user in (cast.division_admin, cast.sysadmin):
        assert login(user).get(f"/admin/r/{record}/").status_code == 404


@pytest.mark.parametrize("address", ["/login/", "/language/", "/customers/new/", "/profile/"])
def test_form_of_more_than_ten_megabytes_is_refused(cast: Cast, login: Login, address: str) -> None:
    body = "name=" + "x" * (11 * 2**20)
    content_type = "application/x-www-form-urlencoded"
    response = login(cast.head).post(address, body, content_type=content_type)
    assert response.status_code == 400
