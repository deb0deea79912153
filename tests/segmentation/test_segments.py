"""Every combination of scores has exactly one segment in each scheme."""

from itertools import product

from segmentation.models import ChineseSegment, InternationalSegment
from segmentation.models.segment import CHINESE_EIGHT, INTERNATIONAL_GRID
from tests.segmentation.reference_scoring import INTERNATIONAL_ROWS

SCORES = range(1, 6)


def test_chinese_eight_have_one_combination_each() -> None:
    assert set(CHINESE_EIGHT) == set(product([True, False], repeat=3))
    assert sorted(CHINESE_EIGHT.values()) == sorted(ChineseSegment)


def test_international_grid_has_a_segment_in_all_25_cells() -> None:
    assert sorted(INTERNATIONAL_GRID) == list(SCORES)
    assert all(len(row) == 5 for row in INTERNATIONAL_GRID.values())
    assert {segment for row in INTERNATIONAL_GRID.values() for segment in row} == set(
        InternationalSegment
    )


def test_international_grid_equals_the_documented_one() -> None:
    assert {r: list(row) for r, row in INTERNATIONAL_GRID.items()} == {
        5 - number: row for number, row in enumerate(INTERNATIONAL_ROWS)
    }
