"""The rule TEMPLATE: a template reads no rows of scoped models; its view reads them.

The rule applies to the dotted names in a template (``customer.parent.name``). After the first name,
which the view has put into the context, there must be none of these:

- a related manager of a scoped model: ``customer.subsidiaries`` has rows of other divisions too;
- a foreign key of a model to itself: ``customer.parent`` may belong to another division;
- another foreign key to a scoped model, unless ``FOREIGN_KEYS_IN_TEMPLATES`` in ``exceptions.py``
  lists it with the reason why a user who sees the record may see the other record too.
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
    """Return the path and the text of every file in the folder of templates."""
    return [
        (path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted((root / "templates").rglob("*"))
        if path.is_file()
    ]


def dotted_names(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the dotted name of each lookup: ``(3, "customer.owner.name")``.

    Names inside of quotation marks are left out, because they are texts or names of files.
    """
    for token in Lexer(text).tokenize():
        if token.token_type in {TokenType.VAR, TokenType.BLOCK}:
            for found in DOTTED.finditer(STRINGS.sub("", token.contents)):
                yield token.lineno or 0, found[0]


def template_reads(
    path: str, text: str, facts: ModelFacts, foreign_keys: Mapping[str, str]
) -> Iterator[Violation]:
    """Yield a violation for each lookup of a template that breaks the rule.

    ``foreign_keys`` has the allowed foreign keys with the reasons: ``{"customer.owner": "…"}``.
    """
    for line, name in dotted_names(text):
        parts = name.split(".")
        for holder, part in pairwise(parts):
            fault = _fault(holder, part, facts, foreign_keys)
            if fault:
                yield Violation(path, line, TEMPLATE, f"{name} {fault}", INSTEAD)
                break  # one message for each name


def _fault(
    holder: str, part: str, facts: ModelFacts, foreign_keys: Mapping[str, str]
) -> str | None:
    """Return what looking up ``part`` on ``holder`` does wrong; None if it is allowed."""
    pair = f"{holder}.{part}"
    if pair in foreign_keys:
        return None
    if part in facts.reverse_accessors:
        owners = facts.reverse_accessors[part]
        if part not in facts.columns or facts.usual_model(holder) in owners:
            return "reads rows of other divisions too"
    if part in facts.self_references:
        return "may lie in another division"
    if part in facts.keys_to_scoped:
        return f"follows a foreign key that is not listed ({pair})"
    return None


def unused_foreign_keys(texts: Iterable[str], foreign_keys: Mapping[str, str]) -> set[str]:
    """Return the allowed foreign keys that no template looks up."""
    seen = set()
    for text in texts:
        for _line, name in dotted_names(text):
            parts = name.split(".")
            seen |= {f"{holder}.{part}" for holder, part in pairwise(parts)}
    return set(foreign_keys) - seen
