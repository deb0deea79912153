"""Requests no browser sends end in an answer, never in a fault of the server."""

import pytest
from django.test import Client

from tests.cast import Cast
from tests.conftest import Login

PART = b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\n\xff\r\n--b--\r\n'


@pytest.mark.parametrize("charset", ["rot13", "base64", "idna", "undefined", "gb18030"])
def test_form_in_another_encoding_is_refused(client: Client, db: None, charset: str) -> None:
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    assert client.generic("POST", "/login/", PART, content_type=kind).status_code == 400
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    assert client.generic("POST", "/login/", "login=%ff", content_type=kind).status_code == 400


def test_form_in_utf8_is_read_as_ever(cast: Cast, client: Client) -> None:
    sent = "login=manager&password=manager-secret-9"
    kind = "application/x-www-form-urlencoded; charset=UTF-8"
    assert client.generic("POST", "/login/", sent, content_type=kind).status_code == 302


def test_encoding_of_a_body_is_not_that_of_the_address(client: Client, db: None) -> None:
    kind = "text/plain; charset=rot13"
    response = client.generic("GET", "/login/?next=%2Fprofile%2F", "", content_type=kind)
    assert response.status_code == 200
    assert response.context["redirect_field_value"] == "/profile/"


def test_session_key_that_is_none_is_a_strangers(client: Client, db: None) -> None:
    odd = r'sessionid="\000aaaaaaaaaaaa"'
    assert client.generic("GET", "/login/", HTTP_COOKIE=odd).status_code == 200
    response = client.generic("GET", "/profile/", HTTP_COOKIE=odd)
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
def test_nul_in_an_address_of_the_administration_is_refused(
    cast: Cast, login: Login, address: str
) -> None:
    assert login(cast.sysadmin).get(address).status_code == 400


@pytest.mark.parametrize("record", ["1/1", "1/999999", "999/1", "x/y"])
def test_shortcut_to_any_record_leads_nowhere(cast: Cast, login: Login, record: str) -> None:
    for person in (cast.division_admin, cast.sysadmin):
        assert login(person).get(f"/admin/r/{record}/").status_code == 404


@pytest.mark.parametrize("address", ["/login/", "/language/", "/customers/new/", "/profile/"])
def test_form_of_more_than_ten_megabytes_is_refused(cast: Cast, login: Login, address: str) -> None:
    sent = "name=" + "x" * (11 * 2**20)
    kind = "application/x-www-form-urlencoded"
    response = login(cast.head).post(address, sent, content_type=kind)
    assert response.status_code == 400
