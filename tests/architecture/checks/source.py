"""The source files, the violations of rules, and the exceptions to rules."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[3]
CURSOR_METHODS = {"execute", "executemany", "callproc", "copy", "copy_expert", "copy_from"}
OTHER_PACKAGES = {"benchmarks", "scripts", "tests"}


@dataclass(frozen=True)
class Violation:
    """A place that breaks a rule, what it does, and what to do instead."""

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
    """An exception to a rule: the file, the function in it (empty: all of them), and the reason."""

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
    """A Python file: its path from the top folder, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node's parent."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @property
    def layer(self) -> str:
        """The kind of module inside its package: ``models``, ``services``, ``views``…"""
        parts = PurePosixPath(self.path).with_suffix("").parts[1:]
        return parts[0] if parts else ""

    def function_of(self, node: ast.AST) -> str:
        """Return the dotted name of the functions and classes around a node; empty at the top."""
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
    """Return the names of the product's Python packages: the folders with an ``__init__.py``."""
    found = {path.parent.name for path in root.glob("*/__init__.py")}
    return found - OTHER_PACKAGES


def python_files(root: Path = ROOT) -> list[SourceFile]:
    """Return every Python file of the product's packages, migrations apart."""
    return [
        SourceFile(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for package in sorted(package_folders(root))
        for path in sorted((root / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def not_allowed(violations: Iterable[Violation], allowed: Iterable[Allowed]) -> list[str]:
    """Return the violations no exception covers, one line each."""
    exceptions = list(allowed)
    return [str(each) for each in violations if not any(one.covers(each) for one in exceptions)]


def unused(violations: Iterable[Violation], allowed: Iterable[Allowed]) -> list[Allowed]:
    """Return the exceptions that cover nothing any more."""
    found = list(violations)
    return [one for one in allowed if not any(one.covers(each) for each in found)]


def last_name(node: ast.AST) -> str:
    """Return the last part of a dotted name: ``b`` for ``a.b``; empty for anything else."""
    if isinstance(node, ast.Subscript):
        return last_name(node.value)
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def text_of(node: ast.AST | None) -> str | None:
    """Return the string a constant holds; None for anything else."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if is_text and isinstance(node, ast.Constant) else None


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Return every call below a node."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def is_statement(call: ast.Call) -> bool:
    """Return whether a call runs a statement: ``cursor.execute(…)``."""
    is_method = isinstance(call.func, ast.Attribute) and call.func.attr in CURSOR_METHODS
    return is_method and "cursor" in last_name(getattr(call.func, "value", call))


def passes_cursor(call: ast.Call) -> bool:
    """Return whether a call passes a cursor to a function: ``copy_rows(cursor, …)``."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any("cursor" in last_name(value) and isinstance(value, ast.Name) for value in values)
