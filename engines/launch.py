"""``make run``: everything up in one terminal, after ``scripts/bootstrap.py`` has installed it.

Engines, migrations, the demonstration company when the database is empty, then web server, worker
and clock under honcho. Ctrl-C stops all of it in order. A second process (``guide``) waits for the
web server, has the worker score once, and prints where to go and who can log in.
"""

import fcntl
import http.client
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from urllib.parse import urlsplit

import honcho.manager
from honcho.printer import Printer

from engines import EngineError, EngineUrls, running
from engines.address import AddressError, address, require_free, shown
from engines.data_directory import PROJECT

STEPS = 7
DATA = PROJECT / ".data"
LOCK = DATA / "launch.lock"
SUPERVISOR = PROJECT / "engines" / "supervised_process.py"
SECONDS_FOR_THE_LAST_RUN_TO_END = 20
SECONDS_FOR_THE_WEB_SERVER = 60
# More than supervised_process.py takes from SIGTERM to SIGKILL.
SECONDS_TO_END = 25


class LaunchError(Exception):
    """The start failed; the message is one line that says what to do."""


def main() -> int:
    """Run everything until it is stopped; return the exit code."""
    if sys.argv[1:2] == ["guide"]:
        return guide(sys.argv[2])
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _hang_up)
    try:
        host, port = address()
        with _only_launch(host, port) as was_killed:
            require_free(host, port, seconds=SECONDS_FOR_THE_LAST_RUN_TO_END * was_killed)
            with running() as engines:
                return serve(host, port, engines)
    except (LaunchError, AddressError, EngineError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _hang_up(_number: int, _frame: FrameType | None) -> None:
    """The terminal is gone: stop in order, without stumbling over lines nobody can read."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(nowhere, descriptor)
    os.kill(os.getpid(), signal.SIGTERM)


def say(text: str) -> None:
    """Show progress at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def _only_launch(host: str, port: int) -> Iterator[bool]:
    """Hold the lock the supervising processes watch; yield whether the last launch was killed.

    A record lock, which forked children do not inherit: it ends with this very process. Its file
    names the address for as long as we run.
    """
    DATA.mkdir(mode=0o700, exist_ok=True)
    LOCK.touch(mode=0o600)
    with LOCK.open("r+", encoding="utf-8") as handle:
        if not _locked(handle.fileno()):
            message = f"It is running already: {handle.read().strip() or 'see the other terminal'}"
            raise LaunchError(message)
        was_killed = bool(handle.read())
        handle.seek(0)
        handle.truncate()
        handle.write(f"{shown(host, port)} (process {os.getpid()})\n")
        handle.flush()
        try:
            yield was_killed
        finally:
            handle.seek(0)
            handle.truncate()


def _locked(descriptor: int) -> bool:
    """Take the lock; try for a second, because a supervising process that ends looks at it too."""
    for _ in range(10):
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False


# --- the run --------------------------------------------------------------------------------------


def serve(host: str, port: int, engines: EngineUrls) -> int:
    """Prepare the database, then keep the servers up until they are stopped."""
    environment = os.environ | {
        "DATABASE_URL": engines.database_url,
        "REDIS_URL": engines.redis_url,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings.local"),
        "PYTHONUNBUFFERED": "1",
    }
    say(f"4/{STEPS} Database: engines are up, migrating …")
    prepare("migrate", "--no-input", environment=environment)
    say(f"5/{STEPS} Demonstration company, if the database is empty …")
    prepare("make_demo", "--if-empty", environment=environment)
    say(f"6/{STEPS} Servers …")
    honcho.manager.KILL_WAIT = SECONDS_TO_END
    manager = honcho.manager.Manager(Printer(sys.stdout))
    for name, command in servers(host, port).items():
        line = "exec " + shlex.join(_supervised(command))
        manager.add_process(name, line, env=environment, cwd=str(PROJECT))
    manager.loop()
    stopped = manager.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}
    say("Stopped." if stopped else "A server has ended: stopped the others. See above for why.")
    return 0 if stopped else 1


def servers(host: str, port: int) -> dict[str, list[str]]:
    """Return the commands of the servers by name."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "config.celery"]
    quiet = ["--loglevel", "WARNING"]
    return {
        "web": [
            *(*python, "gunicorn", "config.wsgi:application", "--bind", bind),
            *("--workers", "2", "--threads", "4", "--log-level", "warning"),
        ],
        "worker": [*celery, "worker", "--concurrency", "2", *quiet],
        "beat": [*celery, "beat", "--schedule", str(DATA / "beat"), "--pidfile=", *quiet],
        "guide": [*python, "engines.launch", "guide", shown(host, port)],
    }


def prepare(*arguments: str, environment: dict[str, str]) -> None:
    """Run a management command that ends with us. Raises LaunchError when it fails."""
    command = _supervised([sys.executable, "manage.py", *arguments])
    with subprocess.Popen(command, cwd=PROJECT, env=environment) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
    if code:
        message = f"'manage.py {arguments[0]}' failed; the reason is above."
        raise LaunchError(message)


def _supervised(command: list[str]) -> list[str]:
    return [sys.executable, str(SUPERVISOR), str(LOCK), "--", *command]


# --- the guide ------------------------------------------------------------------------------------


def guide(where: str) -> int:
    """Wait for the web server, score once, print where to go; then stay until all ends."""
    if not _answers(where):
        say(f"The web server does not answer at {where}; see its lines above.")
        return 1
    say(f"7/{STEPS} First scoring …")
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "nightly", "--if-stale"], check=False, cwd=PROJECT)
    say(f"Ready: {where}")
    subprocess.run([*manage, "demo_logins"], check=False, cwd=PROJECT)
    say("Ctrl-C stops everything.")
    signal.pause()
    return 0


def _answers(where: str) -> bool:
    limit = time.monotonic() + SECONDS_FOR_THE_WEB_SERVER
    while time.monotonic() < limit:
        server = http.client.HTTPConnection(urlsplit(where).netloc, timeout=5)
        try:
            server.request("GET", "/healthz")
            server.getresponse()
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        else:
            return True
        finally:
            server.close()
    return False


if __name__ == "__main__":
    sys.exit(main())
