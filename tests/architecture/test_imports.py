"""Modules import only from lower layers, without cycles, and every module is in a layer."""

from pathlib import Path

import pytest

from tests.architecture.checks.imports import (
    WITHOUT_LAYERS,
    copy_packages,
    cycles,
    import_graph,
    lint_imports,
    package_graph,
    packages_without_layers,
    unlisted_packages,
)
from tests.architecture.checks.source import SourceFile, python_files


def test_every_package_is_a_root_package_and_a_layer() -> None:
    assert unlisted_packages() == set()


def test_every_package_has_layers_or_is_listed_as_one_without() -> None:
    assert packages_without_layers() == set(WITHOUT_LAYERS)


def test_there_are_no_import_cycles_of_modules_or_packages() -> None:
    graph = import_graph(python_files())
    assert cycles(graph) == []
    assert cycles(package_graph(graph)) == []


@pytest.fixture
def copied_packages(tmp_path: Path) -> Path:
    copy_packages(tmp_path)
    return tmp_path


def test_module_in_no_layer_is_refused(copied_packages: Path) -> None:
    """A new module that imports a view, which is in a higher layer than reads."""
    source = (
        "from crm.models import Customer\n"
        "from crm.views.customer_list import CustomerList\n\n\n"
        "def rows(page: CustomerList) -> list[Customer]:\n"
        "    return list(Customer.objects.all())\n"
    )
    assert lint_imports(copied_packages)[0] == 0
    (copied_packages / "crm" / "exports.py").write_text(source, encoding="utf-8")
    code, output = lint_imports(copied_packages)
    assert code == 1
    assert "exports" in output


def test_package_in_no_layer_is_reported(copied_packages: Path) -> None:
    assert unlisted_packages(copied_packages) == set()
    (copied_packages / "billing").mkdir()
    (copied_packages / "billing" / "__init__.py").touch()
    assert unlisted_packages(copied_packages) == {"billing"}
    assert packages_without_layers(copied_packages) == {*WITHOUT_LAYERS, "billing"}


def test_import_cycle_in_an_app_is_reported() -> None:
    files = [
        SourceFile("crm/selectors/revenue.py", "from crm.selectors import portfolio\n"),
        SourceFile("crm/selectors/portfolio.py", "from crm.selectors.regions import of\n"),
        SourceFile(
            "crm/selectors/regions.py",
            "def of() -> None:\n    from crm.selectors.revenue import revenue_of\n",
        ),
    ]
    names = {"crm.selectors.revenue", "crm.selectors.portfolio", "crm.selectors.regions"}
    assert cycles(import_graph(files)) == [names]
    assert cycles(import_graph(files[:2])) == []


def test_import_cycle_of_packages_is_reported() -> None:
    files = [
        SourceFile("crm/panels.py", "from satisfaction.selectors import timeline\n"),
        SourceFile("satisfaction/selectors.py", "x = 1\n"),
        SourceFile("satisfaction/panels.py", "import crm.models\n"),
        SourceFile("crm/models/__init__.py", ""),
    ]
    graph = import_graph(files)
    assert cycles(graph) == []
    assert cycles(package_graph(graph)) == [{"crm", "satisfaction"}]
