"""Production code imports only locked requirements, and there is one database driver."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec

from tests.architecture.checks.source import ROOT, package_folders

PRODUCT_PACKAGES = package_folders()
INSTALL_PACKAGE = "scripts"  # compiles translations when installing


def _imported_packages() -> set[str]:
    names: set[str] = set()
    for folder in (*PRODUCT_PACKAGES, INSTALL_PACKAGE):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {*PRODUCT_PACKAGES, INSTALL_PACKAGE}


def test_production_code_imports_only_locked_requirements() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
    distributions = packages_distributions()
    imported = {
        name: {d.lower().replace("_", "-") for d in distributions[name]}
        for name in _imported_packages()
    }
    assert {name for name, providers in imported.items() if not providers & locked} == set()


def test_psycopg2_is_the_only_installed_driver() -> None:
    # Django prefers psycopg 3 if it is installed, but our SQL is composed for psycopg2.
    assert find_spec("psycopg2") is not None
    assert find_spec("psycopg") is None
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert set(re.findall(r"^(psycopg[a-z0-9-]*)==", text, re.MULTILINE)) == {"psycopg2-binary"}
