"""Scoping cannot be forgotten: reads start from ``visible_to``, and every model states its rule."""

from itertools import chain

import pytest

from tests.architecture.checks.exceptions import (
    ALLOWED,
    FOREIGN_KEYS_IN_TEMPLATES,
    UNSCOPED_MODELS,
)
from tests.architecture.checks.model_facts import model_facts, product_models
from tests.architecture.checks.reads import READ, SQL, raw_sql, unscoped_reads
from tests.architecture.checks.scoped_models import unruled_models, without_a_rule_of_their_own
from tests.architecture.checks.source import SourceFile, not_allowed, python_files, unused
from tests.architecture.checks.templates import (
    template_files,
    template_reads,
    unused_foreign_keys,
)

FILES = python_files()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_file_reads_through_visible_to(file: SourceFile) -> None:
    found = chain(unscoped_reads(file, model_facts()), raw_sql(file))
    assert not_allowed(found, ALLOWED) == []


@pytest.mark.parametrize(("path", "text"), template_files(), ids=lambda value: value[:60])
def test_template_shows_what_a_view_has_read(path: str, text: str) -> None:
    found = template_reads(path, text, model_facts(), FOREIGN_KEYS_IN_TEMPLATES)
    assert [str(each) for each in found] == []


def test_every_model_is_scoped_or_named_as_unscoped() -> None:
    assert unruled_models(product_models(), UNSCOPED_MODELS) == set()
    assert set(UNSCOPED_MODELS) <= {model._meta.label for model in product_models()}


def test_every_scoped_model_states_its_rule() -> None:
    assert without_a_rule_of_their_own(product_models()) == set()


def test_every_exception_is_still_needed() -> None:
    found = [
        violation
        for file in FILES
        for violation in chain(unscoped_reads(file, model_facts()), raw_sql(file))
    ]
    assert unused(found, [one for one in ALLOWED if one.rule in {READ, SQL}]) == []
    texts = [text for _path, text in template_files()]
    assert unused_foreign_keys(texts, FOREIGN_KEYS_IN_TEMPLATES) == set()
