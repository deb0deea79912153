"""Sizes: a file says one thing, a function does one thing."""

import ast
from pathlib import Path

import pytest

from tests.architecture.checks.source import ROOT, package_folders

PLACES = sorted({*package_folders(), "scripts"})
FILE_LINES = 400
FUNCTION_LINES = 45
FILES = [
    path
    for place in PLACES
    for path in sorted((ROOT / place).rglob("*.py"))
    if "migrations" not in path.parts
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_its_functions_are_of_readable_size(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= FILE_LINES
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = [f.name for f in functions if (f.end_lineno or 0) - f.lineno + 1 > FUNCTION_LINES]
    assert long == []
