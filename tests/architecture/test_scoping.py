"""Every read starts from ``visible_to``, and every scoped model has a visibility filter.

The rules are described in ``checks/reads.py`` and ``checks/templates.py``, and the exceptions are
listed in ``checks/exceptions.py``.
"""

from itertools import chain

import pytest

from tests.architecture.checks.exceptions import (
    ALLOWED,
    FOREIGN_KEYS_IN_TEMPLATES,
    UNSCOPED_MODELS,
)
from tests.architecture.checks.model_facts import model_facts, product_models
from tests.architecture.checks.reads import READ, SQL, raw_sql, unscoped_reads
from tests.architecture.checks.scoped_models import models_without_filter, models_without_visibility
from tests.architecture.checks.source import (
    SourceFile,
    not_allowed,
    python_files,
    unused_exceptions,
)
from tests.architecture.checks.templates import (
    template_files,
    template_reads,
    unused_foreign_keys,
)

FILES = python_files()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_file_reads_through_visible_to(file: SourceFile) -> None:
    violations = chain(unscoped_reads(file, model_facts()), raw_sql(file))
    assert not_allowed(violations, ALLOWED) == []


@pytest.mark.parametrize(("path", "text"), template_files(), ids=lambda value: value[:60])
def test_template_follows_no_relation_to_scoped_rows(path: str, text: str) -> None:
    violations = template_reads(path, text, model_facts(), FOREIGN_KEYS_IN_TEMPLATES)
    assert [str(violation) for violation in violations] == []


def test_every_model_is_scoped_or_listed_as_unscoped() -> None:
    assert models_without_visibility(product_models(), UNSCOPED_MODELS) == set()
    assert set(UNSCOPED_MODELS) <= {model._meta.label for model in product_models()}


def test_every_scoped_model_has_a_visibility_filter() -> None:
    assert models_without_filter(product_models()) == set()


def test_every_exception_is_still_needed() -> None:
    violations = [
        violation
        for file in FILES
        for violation in chain(unscoped_reads(file, model_facts()), raw_sql(file))
    ]
    assert (
        unused_exceptions(
            violations, [exception for exception in ALLOWED if exception.rule in {READ, SQL}]
        )
        == []
    )
    texts = [text for _path, text in template_files()]
    assert unused_foreign_keys(texts, FOREIGN_KEYS_IN_TEMPLATES) == set()
