"""Pages of signed-in users are stored neither by the browser nor by proxies."""

from tests.cast import Cast
from tests.conftest import Login


def test_page_of_a_signed_in_user_must_not_be_stored(cast: Cast, login: Login) -> None:
    assert login(cast.manager).get("/profile/")["Cache-Control"] == "private, no-store"
