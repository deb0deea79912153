"""Search for a part of a text by an index of its bigrams, the pairs of neighbouring characters.

PostgreSQL's own trigrams find neither Chinese words, which mostly have two characters, nor any
Chinese at all in a database with the locale C.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.lookups import DataContains
from django.db import connection
from django.db.models import Field, Func, Q, TextField, Value

# A word of bigrams that are in more than this share of all rows is not looked up in the index:
# nearly every row matches, and computing the bigrams of each row takes longer than comparing it.
MAX_INDEXED_SHARE = 0.2
# The same, where the first matching rows of an order are wanted: PostgreSQL finds them sooner by
# reading the rows in that order than by sorting all that the index finds.
MAX_INDEXED_SHARE_IN_ORDER = 0.005


class Bigrams(Func):
    """The bigrams of one or more texts in capitals, as an array without duplicates.

    The function ``text_bigrams`` is made by a migration of core.
    """

    function = "text_bigrams"
    output_field: Field[Any, Any] = ArrayField(TextField())


def contains_words(
    text: str,
    columns: Sequence[str],
    index_name: str,
    max_indexed_share: float = MAX_INDEXED_SHARE,
) -> Q:
    """Return the condition that each word of ``text`` is in one of the columns, ignoring case.

    ``index_name`` is the GIN index of ``Bigrams(*columns)``. Bigrams that are in more than
    ``max_indexed_share`` of the rows are not looked up in it. Takes one query unless all words are
    single characters, which no index finds.
    """
    words = text.split()
    is_indexed = any(len(word) > 1 for word in words)
    frequent = _frequent_bigrams(index_name, max_indexed_share) if is_indexed else set()
    condition = Q()
    for word in words:
        condition &= reduce(or_, (Q(**{f"{column}__icontains": word}) for column in columns))
        if _bigrams(word) - frequent:
            condition &= Q(DataContains(Bigrams(*columns), Bigrams(Value(word))))
    return condition


def _bigrams(word: str) -> set[str]:
    capitals = word.upper()
    return {capitals[n : n + 2] for n in range(len(capitals) - 1)}


def _frequent_bigrams(index_name: str, share: float) -> set[str]:
    """Return the bigrams that are in more than this share of the rows, from statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT element FROM pg_stats,
                      unnest(most_common_elems::text::text[], most_common_elem_freqs)
                          AS common(element, share)
                WHERE schemaname = current_schema() AND tablename = %s AND share > %s""",
            [index_name, share],
        )
        return {element for (element,) in cursor.fetchall()}
