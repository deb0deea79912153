"""Templates read no rows of scoped models; their views do.

In what a template looks up (``customer.parent.name``), after the first name:

- no related manager of a scoped model: ``customer.subsidiaries`` holds rows of other divisions;
- no reference of a model to itself: ``customer.parent`` may lie in another division;
- no foreign key to a scoped model that is not listed, with the reason why whoever sees the record
  may see the other one as well.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from django.template.base import Lexer, TokenType

from tests.architecture.checks.model_facts import ModelFacts
from tests.architecture.checks.source import ROOT, Violation

TEMPLATE = "template"
INSTEAD = "have the view read it through visible_to(user) and add it to the context"
STRINGS = re.compile(r'"[^"]*"|\'[^\']*\'')
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")


def template_files(root: Path = ROOT) -> list[tuple[str, str]]:
    """Return path and text of every template."""
    return [
        (path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted((root / "templates").rglob("*"))
        if path.is_file()
    ]


def dotted_names(text: str) -> Iterator[tuple[int, str]]:
    """Return what a template looks up, with the line: ``customer.owner.name``."""
    for token in Lexer(text).tokenize():
        if token.token_type in {TokenType.VAR, TokenType.BLOCK}:
            for found in DOTTED.finditer(STRINGS.sub("", token.contents)):
                yield token.lineno or 0, found[0]


def template_reads(
    path: str, text: str, facts: ModelFacts, foreign_keys: Mapping[str, str]
) -> Iterator[Violation]:
    """Return the lookups of a template that break the rules above.

    ``foreign_keys`` lists what may be looked up (``customer.owner``) and why.
    """
    for line, name in dotted_names(text):
        parts = name.split(".")
        for holder, part in pairwise(parts):
            what = _fault(holder, part, facts, foreign_keys)
            if what:
                yield Violation(path, line, TEMPLATE, f"{name} {what}", INSTEAD)
                break


def _fault(
    holder: str, part: str, facts: ModelFacts, foreign_keys: Mapping[str, str]
) -> str | None:
    pair = f"{holder}.{part}"
    if pair in foreign_keys:
        return None
    if part in facts.reverse_accessors:
        owners = facts.reverse_accessors[part]
        if part not in facts.columns or facts.variable_name(holder) in owners:
            return "reads rows of other divisions too"
    if part in facts.self_references:
        return "may lie in another division"
    if part in facts.keys_to_scoped:
        return f"follows a foreign key that is not listed ({pair})"
    return None


def unused_foreign_keys(texts: Iterable[str], foreign_keys: Mapping[str, str]) -> set[str]:
    """Return the listed foreign keys that no template looks up any more."""
    seen = set()
    for text in texts:
        for _line, name in dotted_names(text):
            parts = name.split(".")
            seen |= {f"{holder}.{part}" for holder, part in pairwise(parts)}
    return set(foreign_keys) - seen
