"""``make run``: start everything in one terminal, after ``scripts/bootstrap.py`` has installed it.

The numbers are those of the printed steps; ``scripts/install.py`` prints 1 to 3.

4. Start the engines and run the migrations.
5. Fill the database with the demonstration company if it is empty.
6. Start the web server, the Celery worker and the Celery scheduler (beat). honcho, a process
   manager, runs them and prefixes each line of their output with the name of the process.
7. One more process, the ``guide``, waits for the web server, runs the first scoring, and prints the
   address and the logins.

Ctrl-C stops the servers, then the engines.
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

TOTAL_STEPS = 7  # as in scripts/install.py
DATA_FOLDER = PROJECT / ".data"
LOCK = DATA_FOLDER / "launch.lock"  # held by the launcher, watched by the supervisors
SUPERVISOR = PROJECT / "engines" / "supervised_process.py"
# supervised_process.py takes at most 20 s from SIGTERM to the end of its server.
SECONDS_FOR_PREVIOUS_SERVERS_TO_END = 20
SECONDS_TO_STOP = 25
SECONDS_FOR_WEB_SERVER_TO_START = 60


class LaunchError(Exception):
    """The start failed; the message is one line that says what to do."""


def main() -> int:
    """Run everything until it is stopped; return the exit code.

    ``python -m engines.launch guide URL`` runs only the guide, as one of the processes.
    """
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
    """Handle SIGTERM as Ctrl-C is handled, so that both stop everything in order."""
    raise KeyboardInterrupt


def _stop_after_hangup(_number: int, _frame: FrameType | None) -> None:
    """Handle SIGHUP, which means that the terminal was closed, like SIGTERM.

    Writing to a closed terminal fails, so all output is discarded first.
    """
    null_device = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(null_device, descriptor)
    os.kill(os.getpid(), signal.SIGTERM)


def print_progress(text: str) -> None:
    """Print a line at once, even if the output is a file or a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def _launch_lock(host: str, port: int) -> Iterator[bool]:
    """Hold the launch lock during the block; yield whether the previous launch was killed.

    If it was, its servers may still be stopping. This is a record lock (lockf): forked children do
    not inherit it, so it ends with this process. While it is held, its file contains the address. A
    file that still contains one was left by a killed launch. Raises LaunchError if another launch
    is running.
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
    """Try to take the lock; return False if another launch holds it.

    One try is not enough: a supervisor of a killed launch takes the lock for a moment when it
    checks it.
    """
    for _ in range(10):  # for one second
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False


# --- servers --------------------------------------------------------------------------------------


def run_servers(host: str, port: int, engines: EngineUrls) -> int:
    """Prepare the database, run the servers until they are stopped, and return the exit code.

    The exit code is 0 after Ctrl-C or SIGTERM, and 1 when a server has ended by itself. Raises
    LaunchError if the database cannot be prepared.
    """
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
    # honcho sends SIGKILL after this many seconds. The supervisor has to stop its server before.
    honcho.manager.KILL_WAIT = SECONDS_TO_STOP
    manager = honcho.manager.Manager(Printer(sys.stdout))
    for name, command in server_commands(host, port).items():
        # honcho runs a shell, and exec replaces the shell, so that signals reach the supervisor.
        shell_command = "exec " + shlex.join(_supervised_command(command))
        manager.add_process(name, shell_command, env=environment, cwd=str(PROJECT))
    manager.loop()  # handles the signals itself; returns when all processes have ended
    # After a signal honcho returns 128 + its number, else the exit code of the first that ended.
    if manager.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}:
        print_progress("Stopped.")
        return 0
    print_progress("A server has ended: stopped the others. See above for why.")
    return 1


def server_commands(host: str, port: int) -> dict[str, list[str]]:
    """Return the commands of the processes that honcho runs, by the name that it prints."""
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
    """Run a management command and wait for it; its supervisor stops it if this process ends.

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
    """Return the command that runs ``command`` and stops it when this launch ends."""
    return [sys.executable, str(SUPERVISOR), str(LOCK), "--", *command]


# --- guide ----------------------------------------------------------------------------------------


def run_guide(url: str) -> int:
    """Wait for the web server, score if the scores are stale, print the address and the logins.

    Then wait for a signal, because honcho stops all processes when one of them ends.
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
    """Wait until the web server answers at all; return whether it did in time."""
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
