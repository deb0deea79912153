"""Tells the class of an expression's value from annotations, for the checks of reads and writes."""

import ast

from tests.architecture.checks.model_facts import ModelFacts
from tests.architecture.checks.source import SourceFile, last_name

UNKNOWN_TYPES = {"Any", "object", "None", ""}


def type_name(file: SourceFile, node: ast.expr, facts: ModelFacts) -> str | None:
    """Return the name of the class of an expression's value, ``Customer``; None if unknown.

    It is known for an annotated parameter or variable of a function, for any attribute ``.user``,
    and for a foreign key of a known model: ``customer.owner`` is a User.
    """
    if isinstance(node, ast.Name):
        return _annotation_of(file, node)
    if isinstance(node, ast.Attribute):
        if node.attr == "user":
            return "User"
        model = type_name(file, node.value, facts)
        return facts.foreign_keys.get(model or "", {}).get(node.attr)
    return None


def _annotation_of(file: SourceFile, name: ast.Name) -> str | None:
    """Return the class from the annotation of a name, in the innermost function that has one."""
    current: ast.AST | None = name
    while current is not None:
        current = file.parents.get(current)
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            found = _annotated_in(current, name.id)
            if found is not None:
                return found
    return None


def _annotated_in(function: ast.AST, name: str) -> str | None:
    for node in ast.walk(function):
        is_argument = isinstance(node, ast.arg) and node.arg == name
        is_variable = isinstance(node, ast.AnnAssign) and last_name(node.target) == name
        annotation = getattr(node, "annotation", None)
        if (is_argument or is_variable) and annotation is not None:
            return _class_in(annotation)
    return None


def _class_in(annotation: ast.expr) -> str | None:
    """Return ``Customer`` for ``Customer``, ``"Customer"`` and ``Customer | None``.

    None if the annotation allows several classes, or any.
    """
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.BinOp):
        sides = {_class_in(annotation.left), _class_in(annotation.right)} - {None}
        return sides.pop() if len(sides) == 1 else None
    name = last_name(annotation)
    return None if name in UNKNOWN_TYPES else name
