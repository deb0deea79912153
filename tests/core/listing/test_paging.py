"""Pages by keyset: together they are the whole list in order, whatever the order and direction."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from django.db.models import Q

from core.listing.declarations import Sort
from core.listing.paging import (
    InvalidPositionError,
    KeysetPage,
    KeysetPager,
    Position,
    PositionCodec,
)
from crm.models import Customer, Grade
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.history import fixture_changes

PAGE_SIZE = 3
GRADED = ["", "AA", "D", "AA", "", "A", "D", "", "AA", "A", ""]
SORTS = {
    "unique column": Sort(("code",)),
    "column with equal values": Sort(("name",)),
    "id": Sort(),
    "column of a related record, may be empty": Sort(
        ("grade__position",), empty=Q(grade__isnull=True)
    ),
    "two columns": Sort(("name", "code")),
    "time, several of it in one millisecond": Sort(("updated_at",)),
    "groups": Sort(
        groups=lambda: [Q(grade=grade.pk) for grade in Grade.objects.all()],
        empty=Q(grade__isnull=True),
    ),
}


@pytest.fixture
def customers(cast: Cast) -> None:
    """Customers with equal names and grades, some without a grade."""
    grades = {grade.code: grade for grade in Grade.objects.all()}
    with fixture_changes():
        for number, grade in enumerate(GRADED):
            customer = make_customer(cast.lanzhou, code=f"C{number:02}", name=f"N{number % 3}")
            customer.grade = grades.get(grade)
            customer.save()
            moment = datetime(2026, 3, 1, 12, 0, 0, 123_400 + number % 4, tzinfo=UTC)
            Customer.objects.filter(pk=customer.pk).update(updated_at=moment)


def expected_ids(name: str, *, descending: bool) -> list[int]:
    """Return the ids in the order that a list has in Python, empty values last."""

    def key(customer: Customer) -> tuple[Any, ...]:
        position = customer.grade.position if customer.grade else None
        return {
            "unique column": (customer.code,),
            "column with equal values": (customer.name,),
            "two columns": (customer.name, customer.code),
            "time, several of it in one millisecond": (customer.updated_at,),
            "id": (),
        }.get(name, (position,))

    rows = list(Customer.objects.select_related("grade").order_by("pk"))
    empty = [row for row in rows if key(row) == (None,)]
    filled = [row for row in rows if key(row) != (None,)]
    filled.sort(key=lambda row: (*key(row), row.pk), reverse=descending)
    empty.sort(key=lambda row: row.pk, reverse=descending)
    return [row.pk for row in (*filled, *empty)]


@pytest.mark.usefixtures("customers")
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", SORTS)
def test_pages_in_either_direction_are_the_whole_list(name: str, descending: bool) -> None:
    pager = KeysetPager(
        Customer.objects.all(), SORTS[name], descending=descending, page_size=PAGE_SIZE
    )
    codec = PositionCodec("customers", name)  # positions go through an address
    expected = expected_ids(name, descending=descending)
    forward: list[KeysetPage] = [pager.first_page()]
    while forward[-1].has_next and forward[-1].last:
        forward.append(pager.page_after(codec.decode(codec.encode(forward[-1].last))))
    assert [pk for page in forward for pk in page.ids] == expected
    assert [page.start for page in forward] == [1, 4, 7, 10]

    backward = [pager.last_page(len(expected))]
    while backward[-1].has_previous and backward[-1].first:
        backward.append(pager.page_before(codec.decode(codec.encode(backward[-1].first))))
    assert [pk for page in reversed(backward) for pk in page.ids] == expected
    assert all(page.has_next for page in backward[1:])


@pytest.mark.usefixtures("customers")
def test_row_added_in_front_shifts_no_later_page(cast: Cast) -> None:
    pager = KeysetPager(
        Customer.objects.all(), SORTS["unique column"], descending=False, page_size=PAGE_SIZE
    )
    first = pager.first_page()
    assert first.last is not None
    following = pager.page_after(first.last).ids
    make_customer(cast.lanzhou, code="A00")
    assert pager.page_after(first.last).ids == following


@pytest.mark.usefixtures("customers")
def test_page_of_an_empty_list_has_no_neighbours() -> None:
    pager = KeysetPager(
        Customer.objects.none(), SORTS["groups"], descending=False, page_size=PAGE_SIZE
    )
    page = pager.first_page()
    assert (page.ids, page.has_previous, page.has_next, page.last) == ([], False, False, None)


def test_position_is_read_back_only_for_its_list_and_order() -> None:
    position = Position(part=0, values=("兰州", 12), pk=7, number=50)
    text = PositionCodec("customers", "-name").encode(position)
    assert PositionCodec("customers", "-name").decode(text) == position
    for list_name, sort in [("customers", "name"), ("complaints", "-name")]:
        with pytest.raises(InvalidPositionError):
            PositionCodec(list_name, sort).decode(text)
    for changed in ["", "x", text[:-1], "A" + text]:
        with pytest.raises(InvalidPositionError):
            PositionCodec("customers", "-name").decode(changed)


def test_positions_follow_each_other(customers: None) -> None:
    pager = KeysetPager(
        Customer.objects.all(), SORTS["groups"], descending=False, page_size=PAGE_SIZE
    )
    pages = [pager.first_page()]
    while pages[-1].has_next and pages[-1].last:
        pages.append(pager.page_after(pages[-1].last))
    for earlier, later in pairwise(pages):
        assert earlier.last is not None
        assert later.first is not None
        assert earlier.last.number + 1 == later.first.number


def test_position_of_an_order_that_was_declared_anew_is_refused(customers: None) -> None:
    pager = KeysetPager(
        Customer.objects.all(), SORTS["two columns"], descending=False, page_size=PAGE_SIZE
    )
    with pytest.raises(InvalidPositionError):
        pager.page_after(Position(part=0, values=("N0",), pk=1, number=1))
