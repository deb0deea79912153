"""``make run``: start everything in one terminal, after ``scripts/bootstrap.py`` has installed it.

1. Start the engines and run the migrations.
2. Fill the database with the demonstration company if it is empty.
3. Start the web server, the worker and the scheduler (beat) under honcho.
4. The process ``guide`` waits for the web server, runs the first scoring, and prints the address
   and the logins.

Ctrl-C stops everything in order.
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
from engines.data_directory import PROJECT
from engines.web_address import WebAddressError, browser_url, read_web_address, require_free

TOTAL_STEPS = 7  # with the three steps of scripts/install.py
DATA_FOLDER = PROJECT / ".data"
LOCK = DATA_FOLDER / "launch.lock"
SUPERVISOR = PROJECT / "engines" / "supervised_process.py"
SECONDS_FOR_PREVIOUS_SERVERS_TO_END = 20
SECONDS_FOR_WEB_SERVER_TO_START = 60
# More than supervised_process.py takes from SIGTERM to SIGKILL.
SECONDS_TO_STOP = 25


class LaunchError(Exception):
    """The start failed; the message is one line that says what to do."""


def main() -> int:
    """Run everything until it is stopped; return the exit code."""
    if sys.argv[1:2] == ["guide"]:
        return run_guide(sys.argv[2])
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _stop_after_hangup)
    try:
        host, port = read_web_address()
        with _launch_lock(host, port) as previous_was_killed:
            timeout_seconds = SECONDS_FOR_PREVIOUS_SERVERS_TO_END if previous_was_killed else 0
            require_free(host, port, timeout_seconds=timeout_seconds)
            with running() as engines:
                return run_servers(host, port, engines)
    except (LaunchError, WebAddressError, EngineError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        print_progress("Stopped.")
        return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop_after_hangup(_number: int, _frame: FrameType | None) -> None:
    """Stop in order when the terminal is closed. Output would fail then, so it is discarded."""
    null_device = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(null_device, descriptor)
    os.kill(os.getpid(), signal.SIGTERM)


def print_progress(text: str) -> None:
    """Print a line without buffering."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def _launch_lock(host: str, port: int) -> Iterator[bool]:
    """Hold the lock that the supervisors watch; yield whether the previous launch was killed.

    This is a record lock (lockf): forked children do not inherit it, so it ends with this process.
    While it is held, its file contains the address. A file that still contains one was left by a
    killed launch. Raises LaunchError if another launch is running.
    """
    DATA_FOLDER.mkdir(mode=0o700, exist_ok=True)
    LOCK.touch(mode=0o600)
    with LOCK.open("r+", encoding="utf-8") as handle:
        if not _acquire_lock(handle.fileno()):
            message = f"It is running already: {handle.read().strip() or 'see the other terminal'}"
            raise LaunchError(message)
        previous_was_killed = bool(handle.read())
        handle.seek(0)
        handle.truncate()
        handle.write(f"{browser_url(host, port)} (process {os.getpid()})\n")
        handle.flush()
        try:
            yield previous_was_killed
        finally:
            handle.seek(0)
            handle.truncate()


def _acquire_lock(descriptor: int) -> bool:
    """Take the lock and return whether that worked.

    It is tried for a second, because a supervisor takes the lock for a moment when it checks it.
    """
    for _ in range(10):
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False


# --- servers --------------------------------------------------------------------------------------


def run_servers(host: str, port: int, engines: EngineUrls) -> int:
    """Prepare the database, run the servers until they are stopped, and return the exit code."""
    environment = os.environ | {
        "DATABASE_URL": engines.database_url,
        "REDIS_URL": engines.redis_url,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings.local"),
        "PYTHONUNBUFFERED": "1",
    }
    print_progress(f"4/{TOTAL_STEPS} Database: engines are up, migrating …")
    run_management_command("migrate", "--no-input", environment=environment)
    print_progress(f"5/{TOTAL_STEPS} Demonstration company, if the database is empty …")
    run_management_command("make_demo", "--if-empty", environment=environment)
    print_progress(f"6/{TOTAL_STEPS} Servers …")
    honcho.manager.KILL_WAIT = SECONDS_TO_STOP
    manager = honcho.manager.Manager(Printer(sys.stdout))
    for name, command in server_commands(host, port).items():
        shell_command = "exec " + shlex.join(_supervised_command(command))
        manager.add_process(name, shell_command, env=environment, cwd=str(PROJECT))
    manager.loop()
    if manager.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}:
        print_progress("Stopped.")
        return 0
    print_progress("A server has ended: stopped the others. See above for why.")
    return 1


def server_commands(host: str, port: int) -> dict[str, list[str]]:
    """Return the command of each server by its name."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "config.celery"]
    log_level = ["--loglevel", "WARNING"]
    schedule_file = str(DATA_FOLDER / "beat")
    return {
        "web": [
            *(*python, "gunicorn", "config.wsgi:application", "--bind", bind),
            *("--workers", "2", "--threads", "4", "--log-level", "warning"),
        ],
        "worker": [*celery, "worker", "--concurrency", "2", *log_level],
        "beat": [*celery, "beat", "--schedule", schedule_file, "--pidfile=", *log_level],
        "guide": [*python, "engines.launch", "guide", browser_url(host, port)],
    }


def run_management_command(*arguments: str, environment: dict[str, str]) -> None:
    """Run a management command, which is stopped if this process ends.

    Raises LaunchError when it fails.
    """
    command = _supervised_command([sys.executable, "manage.py", *arguments])
    with subprocess.Popen(command, cwd=PROJECT, env=environment) as process:
        try:
            exit_code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
    if exit_code:
        message = f"'manage.py {arguments[0]}' failed; the reason is above."
        raise LaunchError(message)


def _supervised_command(command: list[str]) -> list[str]:
    return [sys.executable, str(SUPERVISOR), str(LOCK), "--", *command]


# --- guide ----------------------------------------------------------------------------------------


def run_guide(url: str) -> int:
    """Wait for the web server, score once, print the address and the logins.

    Then wait for a signal: honcho stops all servers when one process ends.
    """
    if not _wait_for_web_server(url):
        print_progress(f"The web server does not answer at {url}; see its lines above.")
        return 1
    print_progress(f"7/{TOTAL_STEPS} First scoring …")
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "nightly", "--if-stale"], check=False, cwd=PROJECT)
    print_progress(f"Ready: {url}")
    subprocess.run([*manage, "demo_logins"], check=False, cwd=PROJECT)
    print_progress("Ctrl-C stops everything.")
    signal.pause()
    return 0


def _wait_for_web_server(url: str) -> bool:
    deadline = time.monotonic() + SECONDS_FOR_WEB_SERVER_TO_START
    while time.monotonic() < deadline:
        server = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
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
