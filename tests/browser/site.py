"""Runs the product for the browser tests: web server, worker, scheduler, and a database."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests import databases
from tests.plugins.engines import redis_url_with_database

ROOT = Path(__file__).resolve().parent.parent.parent
TIMEOUT_SECONDS = 60
MAKE_DEMO = ["make_demo", "--customers", "120", "--transactions", "6000", "--seed", "7"]


@dataclass(frozen=True)
class Site:
    """The running product: its base URL, and the environment of its processes."""

    address: str
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Run a management command on this site's database; return its output."""
        completed = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return completed.stdout


def _environment(database: str, files: Path) -> dict[str, str]:
    """Return the environment variables for processes with their own database, queue and files.

    The tests of the workers use the Valkey databases from 0 upwards, so the sites use those from 8.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    return os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": redis_url_with_database(os.environ["REDIS_URL"], 8 + worker),
        "FILES_DIR": str(files),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _process(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run ``python -m arguments`` in the block, with its output in the log file."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=TIMEOUT_SECONDS)


def _wait_until_started(address: str, log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the web server did not start:\n{log.read_text(errors='replace')}")


@contextmanager
def running_site(logs: Path) -> Iterator[Site]:
    """Start the product and yield it, with a demonstration company whose customers are scored.

    ``logs`` is the folder for the output of the processes, and for stored files.
    """
    with databases.database_copy("browser") as database:
        environment = _environment(database, logs / "files")
        address = f"http://127.0.0.1:{_free_port()}"
        site = Site(address=address, environment=environment)
        site.manage(*MAKE_DEMO)
        bind = address.removeprefix("http://")
        web = ["gunicorn", "config.wsgi:application", "--bind", bind, "--threads", "4"]
        worker = ["celery", "-A", "config.celery", "worker", "--pool", "solo", "-l", "INFO"]
        beat = ["celery", "-A", "config.celery", "beat", "--schedule", str(logs / "beat-schedule")]
        with (
            _process(web, environment, logs / "web.log"),
            _process(worker, environment, logs / "worker.log"),
            _process(beat, environment, logs / "beat.log"),
        ):
            _wait_until_started(address, logs / "web.log")
            site.manage("nightly")
            yield site
