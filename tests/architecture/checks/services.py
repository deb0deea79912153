"""A service authorises its actor before it writes.

A public function of a ``services`` module that writes (itself, or through a private function of the
same module) takes ``actor`` by keyword only and calls ``authorise(actor, …)`` before its first
write, not under a condition. A class that writes calls ``authorise`` in one of its methods or in
those of its bases. Private functions and methods are called by these, so they are exempt.

A write is what ``writes.is_write`` takes for one, ``audited_transaction(…)``, a function of another
module that a cursor is passed to, or ``execute`` and ``copy_expert`` on a cursor, unless the
statement is a plain string in the file that contains no word of a write.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from tests.architecture.checks.model_facts import ModelFacts
from tests.architecture.checks.source import (
    SourceFile,
    Violation,
    calls,
    is_statement,
    last_name,
    passes_cursor,
    text_of,
)
from tests.architecture.checks.writes import is_write

SERVICE = "service"
SQL_WRITES = re.compile(
    r"\b(INSERT|(?<!FOR )UPDATE|DELETE|MERGE|TRUNCATE|COPY|CREATE|ALTER|DROP)\b", re.IGNORECASE
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def unauthorised_services(
    files: Sequence[SourceFile], facts: ModelFacts, manager_methods: frozenset[str] = frozenset()
) -> Iterator[Violation]:
    """Return the public functions and classes of services that write without authorising."""
    services = [file for file in files if file.layer == "services"]
    classes = {
        node.name: node
        for file in services
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ClassDef)
    }
    for file in services:
        writers = _WritesOf(file, facts, manager_methods)
        for node in file.tree.body:
            if isinstance(node, Function) and not node.name.startswith("_"):
                yield from _function(file, node, writers.first_line(node))
            elif isinstance(node, ast.ClassDef):
                authorises = any(_authorising(each) for each in _with_bases(node, classes))
                if not authorises and writers.first_line(node) is not None:
                    what = f"class {node.name} writes without authorise(actor, …)"
                    yield file.violation(node, SERVICE, what, "authorise the actor in a method")


def _function(file: SourceFile, node: Function, first_write: int | None) -> Iterator[Violation]:
    if first_write is None:
        return
    if "actor" not in {argument.arg for argument in node.args.kwonlyargs}:
        what = f"{node.name} writes and does not take actor by keyword only"
        yield file.violation(node, SERVICE, what, "take *, actor: User and authorise it")
        return
    authorised_at = [
        call.lineno for call in _authorising(node) if not _is_conditional(file, call, node)
    ]
    if not authorised_at:
        what = f"{node.name} takes actor and never authorises"
        yield file.violation(node, SERVICE, what, "call authorise(actor, Permission.…) first")
    elif min(authorised_at) > first_write:
        what = f"{node.name} writes before it authorises"
        yield file.violation(node, SERVICE, what, "call authorise(actor, Permission.…) first")


def _authorising(node: ast.AST) -> list[ast.Call]:
    """Return the calls ``authorise(actor, …)`` and ``authorise(self.actor, …)`` below a node."""
    return [
        call
        for call in calls(node)
        if last_name(call.func) == "authorise" and call.args and last_name(call.args[0]) == "actor"
    ]


def _is_conditional(file: SourceFile, call: ast.Call, function: Function) -> bool:
    """Return whether the call is inside a condition, a loop or a nested function."""
    deciding = ast.If | ast.For | ast.While | ast.IfExp | ast.BoolOp | ast.ExceptHandler | ast.Match
    current = file.parents.get(call)
    while current is not None and current is not function:
        if isinstance(current, deciding | Function | ast.Lambda):
            return True
        current = file.parents.get(current)
    return False


def _with_bases(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> Iterator[ast.ClassDef]:
    yield node
    for base in node.bases:
        if last_name(base) in classes and last_name(base) != node.name:
            yield from _with_bases(classes[last_name(base)], classes)


class _WritesOf:
    """Finds where the functions of one file write, through its private functions too."""

    def __init__(
        self, file: SourceFile, facts: ModelFacts, manager_methods: frozenset[str]
    ) -> None:
        self._file, self._facts, self._methods = file, facts, manager_methods
        self._texts = {
            last_name(node.targets[0]): text_of(node.value)
            for node in file.tree.body
            if isinstance(node, ast.Assign)
        }
        self._private = {
            node.name: node
            for node in file.tree.body
            if isinstance(node, Function) and node.name.startswith("_")
        }

    def first_line(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> int | None:
        """Return the line of a node's first write; None where it writes nothing."""
        return min((call.lineno for call in calls(node) if self._writes(call, seen)), default=None)

    def _writes(self, call: ast.Call, seen: frozenset[str]) -> bool:
        name = last_name(call.func)
        if name == "audited_transaction" or is_write(self._file, call, self._facts, self._methods):
            return True
        if is_statement(call):
            return not self._only_reads(call)
        inner = self._private.get(name)
        if inner is None:
            return passes_cursor(call) and isinstance(call.func, ast.Name)
        if name in seen:
            return False
        return self.first_line(inner, seen | {name}) is not None

    def _only_reads(self, call: ast.Call) -> bool:
        """Return whether the statement is known and contains no word of SQL_WRITES."""
        statement = call.args[0] if call.args else None
        text = text_of(statement) or self._texts.get(last_name(statement or call))
        return text is not None and SQL_WRITES.search(text) is None
