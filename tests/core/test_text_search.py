"""Search for a part of a text by bigrams: the index is used, and nothing is missed."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.text_search import _bigrams
from crm.fields import CUSTOMER
from crm.models import Customer, Interaction
from crm.models.customer import SEARCH_INDEX, SEARCHED_COLUMNS
from tests.cast import Cast
from tests.crm.factories import make_customer, make_interaction

TEXTS = st.text("兰州电力有限公司abÅß ", min_size=0, max_size=8)


def test_declared_fields_and_the_index_have_the_same_columns() -> None:
    assert tuple(CUSTOMER.searched_columns) == SEARCHED_COLUMNS


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(TEXTS)
def test_database_and_program_find_the_same_bigrams(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT upper(%s), text_bigrams(%s)", [text, text])
        (capitals, bigrams) = cursor.fetchone()
    assert set(bigrams) == {capitals[n : n + 2] for n in range(len(capitals) - 1)}
    if text.isascii():
        assert set(bigrams) == _bigrams(text)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("兰州", ["A1"]), ("州电", ["A1"]), ("电力 兰", ["A1"]), ("a1", ["A1"]),
        ("力", ["A1", "B2"]),
        ("电力", ["A1", "B2"]), ("", ["A1", "B2"]), ("兰电", []), ("力A", []), ("%", []),
    ],
)  # fmt: skip
def test_words_and_parts_of_words_are_found(cast: Cast, text: str, codes: list[str]) -> None:
    make_customer(cast.lanzhou, code="A1", name="兰州电力")
    make_customer(cast.lanzhou, code="B2", name="天水电力")
    found = Customer.objects.search(text).order_by("code")
    assert list(found.values_list("code", flat=True)) == codes


@pytest.mark.django_db
def test_search_uses_the_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan TO off")
    assert SEARCH_INDEX in Customer.objects.search("兰州").values("pk").order_by().explain()


def test_bigrams_that_most_rows_have_are_not_looked_up(cast: Cast) -> None:
    for number in range(40):
        make_customer(cast.lanzhou, code=f"N{number:02}", name=f"第{number:02}电力公司")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE crm_customer")
    common, rare = (str(Customer.objects.search(text).query) for text in ("公司", "第07"))
    assert "text_bigrams" not in common
    assert "text_bigrams" in rare
    assert Customer.objects.search("公司").count() == 40
    assert Customer.objects.search("第07").count() == 1


def test_frequent_word_is_looked_up_to_count_but_not_to_read_a_page(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou)
    for number in range(100):
        content = "谈了续约" if number < 5 else f"第{number}次电话"
        make_interaction(customer, cast.manager, content=content)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE crm_interaction")

    def uses_bigrams(*, is_ordered: bool) -> bool:
        found = Interaction.objects.search("续约", is_ordered=is_ordered)
        assert found.count() == 5
        return "text_bigrams" in str(found.query)

    assert uses_bigrams(is_ordered=False)
    assert not uses_bigrams(is_ordered=True)
