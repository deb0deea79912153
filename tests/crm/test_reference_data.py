"""The default reference data are complete, well formed and equal to GB/T 4754-2017.

The files are read directly, so that a mistake in them is not reported as a failure to load them.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "crm" / "reference_data"

# Last division of each section in GB/T 4754-2017; each section begins where the one before it ends.
LAST_DIVISION = {
    "A": 5,
    "B": 12,
    "C": 43,
    "D": 46,
    "E": 50,
    "F": 52,
    "G": 60,
    "H": 62,
    "I": 65,
    "J": 69,
    "K": 70,
    "L": 72,
    "M": 75,
    "N": 79,
    "O": 82,
    "P": 83,
    "Q": 85,
    "R": 90,
    "S": 96,
    "T": 97,
}

LISTS = ["sources.csv", "categories.csv", "grades.csv"]
HEADERS = {
    "industries.csv": ["code", "parent", "name_zh", "name_en"],
    **{name: ["code", "position", "name_zh", "name_en"] for name in LISTS},
}
CODE_PATTERNS = {
    "industries.csv": r"[A-T]|\d{2}",
    "sources.csv": r"[a-z]+(_[a-z]+)*",
    "categories.csv": r"[a-z]+(_[a-z]+)*",
    "grades.csv": r"[A-Z]{1,2}",
}
CHINESE_NAME = re.compile(r"[\u4e00-\u9fff]+(、[\u4e00-\u9fff]+)*")
ENGLISH_NAME = re.compile(r"[A-Z][A-Za-z',-]*( [A-Za-z',-]+)*")

Row = dict[str, str]


def read_rows(name: str) -> list[Row]:
    with (DATA / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def sections() -> list[Row]:
    return [row for row in read_rows("industries.csv") if not row["parent"]]


def divisions() -> list[Row]:
    return [row for row in read_rows("industries.csv") if row["parent"]]


def section_of(division: int) -> str:
    return next(letter for letter, last in LAST_DIVISION.items() if division <= last)


def repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


@pytest.mark.parametrize("name", HEADERS)
def test_file_bytes_are_plain_utf8_with_lf_line_ends(name: str) -> None:
    content = (DATA / name).read_bytes()
    content.decode("utf-8", errors="strict")
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert not content.endswith(b"\n\n")


@pytest.mark.parametrize("name", HEADERS)
def test_file_columns_are_as_documented_in_every_row(name: str) -> None:
    with (DATA / name).open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream, strict=True)
    assert header == HEADERS[name]
    assert rows
    assert [row for row in rows if len(row) != len(header)] == []


@pytest.mark.parametrize("name", HEADERS)
def test_codes_are_well_formed_and_unique(name: str) -> None:
    codes = [row["code"] for row in read_rows(name)]
    assert [code for code in codes if not re.fullmatch(CODE_PATTERNS[name], code)] == []
    assert repeated(codes) == []


@pytest.mark.parametrize("name", HEADERS)
def test_names_are_filled_and_free_of_stray_characters(name: str) -> None:
    rows = read_rows(name)
    assert [row for row in rows if not CHINESE_NAME.fullmatch(row["name_zh"])] == []
    assert [row for row in rows if not ENGLISH_NAME.fullmatch(row["name_en"])] == []


@pytest.mark.parametrize("column", ["name_zh", "name_en"])
@pytest.mark.parametrize("name", LISTS)
def test_list_names_are_unique(name: str, column: str) -> None:
    assert repeated(row[column] for row in read_rows(name)) == []


@pytest.mark.parametrize("name", LISTS)
def test_list_positions_count_up_from_one(name: str) -> None:
    rows = read_rows(name)
    assert [row["position"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]


def test_grades_are_ordered_best_first() -> None:
    assert [row["code"] for row in read_rows("grades.csv")] == ["AA", "A", "B", "C", "D"]


def test_sections_are_the_twenty_letters_in_order() -> None:
    assert [row["code"] for row in sections()] == list("ABCDEFGHIJKLMNOPQRST")


def test_divisions_are_contiguous_from_01_to_97() -> None:
    assert [row["code"] for row in divisions()] == [f"{n:02d}" for n in range(1, 98)]


def test_every_division_belongs_to_the_section_of_the_standard() -> None:
    wrong = [row for row in divisions() if row["parent"] != section_of(int(row["code"]))]
    assert wrong == []


@pytest.mark.parametrize("column", ["name_zh", "name_en"])
def test_industry_names_are_unique_within_their_level(column: str) -> None:
    """By level, because a section with one division may share its name (教育)."""
    assert repeated(row[column] for row in sections()) == []
    assert repeated(row[column] for row in divisions()) == []


def test_a_section_precedes_its_divisions() -> None:
    seen: set[str] = set()
    for row in read_rows("industries.csv"):
        assert not row["parent"] or row["parent"] in seen
        seen.add(row["code"])
