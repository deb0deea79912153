"""What runs in production needs only what is locked for production, and one database driver."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec

from tests.architecture.checks.source import ROOT, package_folders

RUNNING = package_folders()
INSTALLING = "scripts"  # compiles translations when installing


def _imported() -> set[str]:
    names: set[str] = set()
    for folder in (*RUNNING, INSTALLING):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {*RUNNING, INSTALLING}


def test_running_code_imports_only_what_is_locked_for_running() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
    where = packages_distributions()
    imported = {name: {d.lower().replace("_", "-") for d in where[name]} for name in _imported()}
    assert {name for name, homes in imported.items() if not homes & locked} == set()


def test_psycopg2_is_the_only_driver_that_is_installed() -> None:
    # Django prefers psycopg 3 wherever it finds it, and SQL composed for psycopg2 fails there.
    assert find_spec("psycopg2") is not None
    assert find_spec("psycopg") is None
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert set(re.findall(r"^(psycopg[a-z0-9-]*)==", text, re.MULTILINE)) == {"psycopg2-binary"}
