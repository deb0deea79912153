"""What stood on a page of somebody signed in is not kept by the browser or anything between."""

from tests.cast import Cast
from tests.conftest import Login


def test_page_of_somebody_signed_in_is_not_to_be_stored(cast: Cast, login: Login) -> None:
    assert login(cast.manager).get("/profile/")["Cache-Control"] == "private, no-store"
