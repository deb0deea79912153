"""Every combination of scores has exactly one segment in each scheme."""

from itertools import product

import pytest

from segmentation.models import ChineseSegment, InternationalSegment
from segmentation.models.segment import CHINESE_EIGHT, INTERNATIONAL_GRID, international_segment
from tests.segmentation.independent import ROWS

SCORES = range(1, 6)


def test_chinese_eight_cover_every_combination_once() -> None:
    assert set(CHINESE_EIGHT) == set(product([True, False], repeat=3))
    assert sorted(CHINESE_EIGHT.values()) == sorted(ChineseSegment)


def test_international_grid_has_a_segment_in_all_25_cells() -> None:
    assert sorted(INTERNATIONAL_GRID) == list(SCORES)
    assert all(len(row) == 5 for row in INTERNATIONAL_GRID.values())
    assert {one for row in INTERNATIONAL_GRID.values() for one in row} == set(InternationalSegment)


def test_every_combination_of_scores_has_the_documented_segment() -> None:
    for r, f, m in product(SCORES, repeat=3):
        mean = (f + m) // 2 + (f + m) % 2
        assert international_segment(r=r, f=f, m=m) == ROWS[5 - r][mean - 1]


@pytest.mark.parametrize("r", [0, 6])
def test_recency_outside_has_no_segment(r: int) -> None:
    with pytest.raises(KeyError):
        international_segment(r=r, f=1, m=1)
