"""Checks of the imports: no cycles, and every package and module is in a layer.

The layers are contracts of import-linter in ``pyproject.toml``. ``make check`` runs import-linter,
but it does not notice a package that no contract names, so these checks do.
"""

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.architecture.checks.source import ROOT, SourceFile, package_folders

# Packages whose modules are in no layers, and why. The package itself is a layer, and its modules
# are checked for import cycles.
WITHOUT_LAYERS = {
    "common": "Leaf helpers.",
    "config": "Settings and addresses: it knows every app.",
    "demo": "One program, the demonstration company.",
    "engines": "One program that starts PostgreSQL and Valkey.",
}

Graph = Mapping[str, set[str]]  # the names that each module, or package, imports


def contracts(root: Path = ROOT) -> dict[str, Any]:
    """Return the configuration of import-linter in ``pyproject.toml``."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["tool"]["importlinter"]
    return found


def unlisted_packages(root: Path = ROOT) -> set[str]:
    """Return the packages that are not in all three of: folders, root packages, layers.

    The layers are those of the first contract, which orders the packages. A layer may have several
    packages: ``"segmentation | satisfaction"``.
    """
    settings = contracts(root)
    layers: set[str] = {
        name.strip() for layer in settings["contracts"][0]["layers"] for name in layer.split("|")
    }
    folders, roots = package_folders(root), set(settings["root_packages"])
    return (folders | roots | layers) - (folders & roots & layers)


def packages_without_layers(root: Path = ROOT) -> set[str]:
    """Return the packages whose modules are in no layers.

    The modules are in layers if an exhaustive contract, which refuses unlisted modules, has the
    package as its container.
    """
    packages_with_layers = {
        container
        for contract in contracts(root)["contracts"]
        if contract.get("exhaustive")
        for container in contract["containers"]
    }
    return package_folders(root) - packages_with_layers


def module_name(path: str) -> str:
    """Return ``crm.models`` for ``crm/models/__init__.py``."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def import_graph(files: Iterable[SourceFile]) -> dict[str, set[str]]:
    """Return the modules that each module imports, also inside of its functions.

    Only modules of ``files`` are in the graph.
    """
    modules = {module_name(file.path): file for file in files}
    return {
        name: {target for target in _imported(file.tree, modules.keys()) if target != name}
        for name, file in modules.items()
    }


def _imported(tree: ast.Module, modules: Iterable[str]) -> set[str]:
    known = set(modules)
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in names}
    return found & known


def package_graph(modules: Graph) -> dict[str, set[str]]:
    """Return the other packages that each package imports, from a graph of modules."""
    graph: dict[str, set[str]] = {name.split(".")[0]: set() for name in modules}
    for name, targets in modules.items():
        package = name.split(".")[0]
        graph[package] |= {target.split(".")[0] for target in targets} - {package}
    return graph


def cycles(graph: Graph) -> list[set[str]]:
    """Return the groups of names that import each other, directly or indirectly."""
    reached = {name: _reachable(graph, name) for name in graph}
    found: list[set[str]] = []
    for name in sorted(graph):
        cycle = {other for other in reached[name] if name in reached[other]}
        if cycle and cycle not in found:
            found.append(cycle)
    return found


def _reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph[name]
    return seen


def copy_packages(target: Path) -> None:
    """Copy the product's packages and the contracts, so that a test may change them."""
    for package in package_folders():
        shutil.copytree(ROOT / package, target / package, ignore=_files_other_than_python)
    shutil.copy(ROOT / "pyproject.toml", target)


def _files_other_than_python(folder: str, names: list[str]) -> set[str]:
    return {
        name
        for name in names
        if name == "__pycache__" or not (name.endswith(".py") or (Path(folder) / name).is_dir())
    }


def lint_imports(folder: Path) -> tuple[int, str]:
    """Run import-linter in a folder; return its exit code and output.

    A process of its own is needed, because the copied packages have the names of loaded ones.
    """
    program = "import sys; from importlinter.cli import lint_imports as lint; sys.exit(lint())"
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    return process.returncode, process.stdout + process.stderr
