"""What all checks of source code share: files, violations, exceptions, and helpers for ``ast``.

A check takes a ``SourceFile`` and yields a ``Violation`` for each place that breaks its rule. The
tests then drop those that an ``Allowed`` in ``exceptions.py`` covers, and expect none to be left.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[3]
# Methods of a database cursor that run a statement.
CURSOR_METHODS = {"execute", "executemany", "callproc", "copy", "copy_expert", "copy_from"}
DEVELOPMENT_PACKAGES = {"benchmarks", "scripts", "tests"}


@dataclass(frozen=True)
class Violation:
    """A place that breaks a rule.

    ``rule`` is the constant of the check, such as ``reads.READ``. ``what`` and ``instead`` are the
    parts of the message: what the code does, and what to do instead. ``function`` is the dotted
    name of the function or class around the place.
    """

    path: str
    line: int
    rule: str
    what: str
    instead: str
    function: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}; {self.instead}"


@dataclass(frozen=True)
class Allowed:
    """An exception to a rule, with its reason, for one function of a file.

    ``function`` is the dotted name as in ``Violation``; empty, the whole file is excepted.
    """

    path: str
    rule: str
    reason: str
    function: str = ""

    def covers(self, violation: Violation) -> bool:
        """Return whether the exception allows the violation."""
        same_place = (self.path, self.rule) == (violation.path, violation.rule)
        return same_place and self.function in {"", violation.function}


@dataclass(frozen=True)
class SourceFile:
    """A Python file: its path relative to the project's folder, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The parent of each node, which ``ast`` itself does not record."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @property
    def layer(self) -> str:
        """The second part of the path: ``services`` for ``crm/services/customer.py``.

        Rules apply by layer: ``models``, ``services``, ``views``, ``admin`` …
        """
        parts = PurePosixPath(self.path).with_suffix("").parts[1:]
        return parts[0] if parts else ""

    def function_of(self, node: ast.AST) -> str:
        """Return the dotted name of the functions and classes around a node: ``Importer.run``.

        At the top level of the module it is empty.
        """
        names: list[str] = []
        current: ast.AST | None = node
        while current is not None:
            if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.append(current.name)
            current = self.parents.get(current)
        return ".".join(reversed(names))

    def violation(self, node: ast.expr | ast.stmt, rule: str, what: str, instead: str) -> Violation:
        """Return the violation of a rule at a node."""
        return Violation(self.path, node.lineno, rule, what, instead, self.function_of(node))


def package_folders(root: Path = ROOT) -> set[str]:
    """Return the names of the product's Python packages: the folders with an ``__init__.py``.

    Packages that are only for development are left out.
    """
    found = {path.parent.name for path in root.glob("*/__init__.py")}
    return found - DEVELOPMENT_PACKAGES


def python_files(root: Path = ROOT) -> list[SourceFile]:
    """Return every Python file of the product's packages, without migrations."""
    return [
        SourceFile(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for package in sorted(package_folders(root))
        for path in sorted((root / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def not_allowed(violations: Iterable[Violation], allowed: Iterable[Allowed]) -> list[str]:
    """Return the message of each violation that no exception covers."""
    exceptions = list(allowed)
    return [
        str(violation)
        for violation in violations
        if not any(exception.covers(violation) for exception in exceptions)
    ]


def unused_exceptions(violations: Iterable[Violation], allowed: Iterable[Allowed]) -> list[Allowed]:
    """Return the exceptions that cover none of the violations."""
    found = list(violations)
    return [
        exception
        for exception in allowed
        if not any(exception.covers(violation) for violation in found)
    ]


def last_name(node: ast.AST) -> str:
    """Return the last name of an expression: ``b`` for ``b``, ``a.b`` and ``a.b[0]``.

    It is empty for any other expression, such as a call.
    """
    if isinstance(node, ast.Subscript):
        return last_name(node.value)
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def text_of(node: ast.AST | None) -> str | None:
    """Return the value of a string constant; None for any other node."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Return every call below a node."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def runs_statement(call: ast.Call) -> bool:
    """Return whether a call runs an SQL statement: ``cursor.execute(…)``.

    A variable or attribute is taken for a cursor if its name contains ``cursor``.
    """
    is_method = isinstance(call.func, ast.Attribute) and call.func.attr in CURSOR_METHODS
    return is_method and "cursor" in last_name(getattr(call.func, "value", call))


def passes_cursor(call: ast.Call) -> bool:
    """Return whether an argument of a call is a cursor: ``copy_rows(cursor, …)``."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any("cursor" in last_name(value) and isinstance(value, ast.Name) for value in values)
