"""The rule SERVICE: a service authorises its actor before it writes.

A public function of a ``services`` module that writes (itself, or through a private function of the
same module) must take ``actor`` by keyword only, and must call ``authorise(actor, …)``
unconditionally before its first write. A class that writes must call ``authorise`` in one of its
methods or in those of its bases. Private functions are not checked, because the public functions
that call them are.

These calls count as a write:

- what ``writes.is_write`` recognises, and ``audited_transaction(…)``;
- a function of another module that takes a cursor: ``copy_rows(cursor, …)``;
- a method that runs a statement on a cursor, unless the statement is a string constant of the file
  without any of the words in ``SQL_WRITES``.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from tests.architecture.checks.model_facts import ModelFacts
from tests.architecture.checks.source import (
    SourceFile,
    Violation,
    calls,
    last_name,
    passes_cursor,
    runs_statement,
    text_of,
)
from tests.architecture.checks.writes import is_write

SERVICE = "service"
# Not "FOR UPDATE", which only locks rows.
SQL_WRITES = re.compile(
    r"\b(INSERT|(?<!FOR )UPDATE|DELETE|MERGE|TRUNCATE|COPY|CREATE|ALTER|DROP)\b", re.IGNORECASE
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def unauthorised_services(
    files: Sequence[SourceFile], facts: ModelFacts, manager_methods: frozenset[str] = frozenset()
) -> Iterator[Violation]:
    """Yield a violation for each function and class of services that writes without authorising.

    ``files`` must be all files at once, because a class may have its base in another file.
    ``manager_methods`` are the names of ``model_facts.writing_manager_methods``.
    """
    services = [file for file in files if file.layer == "services"]
    classes = {
        node.name: node
        for file in services
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ClassDef)
    }
    for file in services:
        writes = _WritesOfFile(file, facts, manager_methods)
        for node in file.tree.body:
            if isinstance(node, Function) and not node.name.startswith("_"):
                yield from _check_function(file, node, writes.first_line(node))
            elif isinstance(node, ast.ClassDef):
                authorises = any(_authorise_calls(class_) for class_ in _with_bases(node, classes))
                if not authorises and writes.first_line(node) is not None:
                    what = f"class {node.name} writes without authorise(actor, …)"
                    yield file.violation(node, SERVICE, what, "authorise the actor in a method")


def _check_function(
    file: SourceFile, node: Function, first_write: int | None
) -> Iterator[Violation]:
    if first_write is None:
        return
    if "actor" not in {argument.arg for argument in node.args.kwonlyargs}:
        what = f"{node.name} writes and does not take actor by keyword only"
        yield file.violation(node, SERVICE, what, "take *, actor: User and authorise it")
        return
    authorised_at = [
        call.lineno for call in _authorise_calls(node) if not _is_conditional(file, call, node)
    ]
    if not authorised_at:
        what = f"{node.name} takes actor and never authorises"
        yield file.violation(node, SERVICE, what, "call authorise(actor, Permission.…) first")
    elif min(authorised_at) > first_write:
        what = f"{node.name} writes before it authorises"
        yield file.violation(node, SERVICE, what, "call authorise(actor, Permission.…) first")


def _authorise_calls(node: ast.AST) -> list[ast.Call]:
    """Return the calls ``authorise(actor, …)`` and ``authorise(self.actor, …)`` below a node."""
    return [
        call
        for call in calls(node)
        if last_name(call.func) == "authorise" and call.args and last_name(call.args[0]) == "actor"
    ]


def _is_conditional(file: SourceFile, call: ast.Call, function: Function) -> bool:
    """Return whether the call is inside a condition, a loop or a nested function.

    Any of these may skip the call.
    """
    conditional = (
        ast.If | ast.For | ast.While | ast.IfExp | ast.BoolOp | ast.ExceptHandler | ast.Match
    )
    current = file.parents.get(call)
    while current is not None and current is not function:
        if isinstance(current, conditional | Function | ast.Lambda):
            return True
        current = file.parents.get(current)
    return False


def _with_bases(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> Iterator[ast.ClassDef]:
    """Yield a class and its direct and indirect bases, as far as ``classes`` has them."""
    yield node
    for base in node.bases:
        if last_name(base) in classes and last_name(base) != node.name:
            yield from _with_bases(classes[last_name(base)], classes)


class _WritesOfFile:
    """Finds where the functions of one file write, through its private functions too."""

    def __init__(
        self, file: SourceFile, facts: ModelFacts, manager_methods: frozenset[str]
    ) -> None:
        self._file = file
        self._facts = facts
        self._manager_methods = manager_methods
        self._string_constants = {
            last_name(node.targets[0]): text_of(node.value)
            for node in file.tree.body
            if isinstance(node, ast.Assign)
        }
        self._private_functions = {
            node.name: node
            for node in file.tree.body
            if isinstance(node, Function) and node.name.startswith("_")
        }

    def first_line(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> int | None:
        """Return the line of a node's first write; None if it writes nothing.

        ``seen`` has the private functions that are being searched, to end at a recursive call.
        """
        return min((call.lineno for call in calls(node) if self._writes(call, seen)), default=None)

    def _writes(self, call: ast.Call, seen: frozenset[str]) -> bool:
        name = last_name(call.func)
        if name == "audited_transaction" or is_write(
            self._file, call, self._facts, self._manager_methods
        ):
            return True
        if runs_statement(call):
            return not self._only_reads(call)
        called_function = self._private_functions.get(name)
        if called_function is None:
            return passes_cursor(call) and isinstance(call.func, ast.Name)
        if name in seen:
            return False
        return self.first_line(called_function, seen | {name}) is not None

    def _only_reads(self, call: ast.Call) -> bool:
        """Return whether the statement is a string of the file without a word of SQL_WRITES."""
        statement = call.args[0] if call.args else None
        text = text_of(statement) or self._string_constants.get(last_name(statement or call))
        return text is not None and SQL_WRITES.search(text) is None
