"""Installing: old Pythons are refused with a clear message; unchanged locks are skipped."""

import ast
import subprocess
from pathlib import Path

import pytest

from engines.data_directory import PROJECT
from scripts import bootstrap, install


def test_bootstrap_is_valid_syntax_for_old_pythons() -> None:
    source = (PROJECT / "scripts" / "bootstrap.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))


def test_bootstrap_without_a_new_enough_python_exits_with_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "MIN_VERSION", (9, 0))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit, match=r"^Python 9\.0 or newer is needed; this is 3\.[^\n]*$"):
        bootstrap.main()


def test_unchanged_lock_file_is_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = tmp_path / "node_modules"
    modules.mkdir()
    lock = tmp_path / "package-lock.json"
    lock.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(install, "PROJECT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "STAMP", tmp_path / "installed.json")
    install.write_stamp(lock.name)
    assert install.install_assets() == "unchanged"
    lock.write_text('{"changed": true}', encoding="utf-8")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(install.InstallError, match="There is no Node here"):
        install.install_assets()


def test_replaced_packages_are_removed_from_an_older_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str | Path]] = []
    (tmp_path / "requirements.txt").write_text("django==5.2\n", encoding="utf-8")
    monkeypatch.setattr(install, "PROJECT", tmp_path)
    monkeypatch.setattr(install, "STAMP", tmp_path / "installed.json")
    monkeypatch.setattr(install, "make_venv", lambda: False)
    monkeypatch.setattr(install, "pip_install", lambda _lock, _total: None)
    monkeypatch.setattr(install, "run", lambda command, _purpose: commands.append(command))
    assert install.install_packages(dev=False) == "1 installed"
    assert [command[-3:] for command in commands] == [["--yes", "psycopg", "psycopg-binary"]]
    assert install.install_packages(dev=False) == "unchanged"


def test_python_without_ensurepip_is_refused_with_the_command_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_python = tmp_path / "python"
    broken_python.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    broken_python.chmod(0o755)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr("sys.executable", str(broken_python))
    with pytest.raises(install.InstallError, match=r"apt install python3-venv\)\.$"):
        install.make_venv()
    assert not (tmp_path / ".venv").exists()


def test_packaged_npm_is_used_on_a_machine_without_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    command, environment = install.find_npm()
    result = subprocess.run(
        [*command, "--version"], capture_output=True, check=True, env=environment, text=True
    )
    assert int(result.stdout.partition(".")[0]) >= 9


def test_failed_command_is_reported_with_its_error_line() -> None:
    output = (
        "Collecting a\nERROR: Could not install: [Errno 28] No space left on device\n\nnotice\n"
    )
    message = str(install.install_error("install the Python packages", output))
    assert message == (
        "Could not install the Python packages:"
        " ERROR: Could not install: [Errno 28] No space left on device"
    )


def test_unreadable_stamps_count_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "STAMP", tmp_path / "installed.json")
    install.STAMP.write_text('{"requirements.txt": "abc', encoding="utf-8")
    assert install.read_stamps() == {}
