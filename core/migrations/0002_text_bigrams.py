"""The SQL function ``text_bigrams``, for indexes that find a part of a text (core/text_search.py).

Its cost makes PostgreSQL prefer the index to computing the bigrams of many rows.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION text_bigrams(VARIADIC texts text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT coalesce(array_agg(DISTINCT substr(whole, n, 2)), '{}')
      FROM upper(array_to_string(texts, E'\\n')) AS whole,
           generate_series(1, length(whole) - 1) AS n
$$
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, "DROP FUNCTION text_bigrams(VARIADIC text[])")]
