"""PostgreSQL and Valkey of a test's own, which it kills and starts again.

They run with the settings of the product: what was committed survives a kill, and so does the
queue, but for its last second, unless its file is lost too.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import environ
import redis
from celery import current_app
from django.db import connections

from core.tasks import execute_job
from engines.data_directory import DataDirectory, find_data_directory
from engines.errors import EngineError
from engines.postgres import Postgres
from engines.processes import command_line_of
from engines.valkey import Valkey
from tests.workers import wait_until


class Servers:
    """The two servers. The Django of the test and its workers use them, see ``own_servers``.

    ``database`` is the name of the database that the test uses.
    """

    database = ""

    def __init__(self, directory: DataDirectory) -> None:
        self._folder = directory.data_folder
        self._postgres = Postgres(directory)
        self._valkey = Valkey(directory)

    def start(self) -> None:
        self._postgres.start()
        self._valkey.start()

    def stop(self) -> None:
        self._postgres.stop()
        self._valkey.stop()

    @property
    def database_url(self) -> str:
        return self._postgres.url()

    @property
    def redis_url(self) -> str:
        return self._valkey.url()

    def kill_postgres(self) -> None:
        """Kill the server as the kernel does when memory runs out; its sessions end too."""
        pid_file = self._folder / "postgres" / "cluster" / "postmaster.pid"
        _kill(pid_file.read_text(encoding="utf-8").partition("\n")[0])

    def restart_postgres(self) -> None:
        """Start the killed server; its sessions must have ended before."""
        wait_until(self._could_start_postgres)
        connections["default"].close()

    def _could_start_postgres(self) -> bool:
        with suppress(EngineError):
            self._postgres.start()
            return True
        return False

    def kill_valkey(self) -> None:
        _kill((self._folder / "valkey" / "valkey.pid").read_text(encoding="ascii").strip())

    def restart_valkey(self, *, loses_queue: bool) -> None:
        """Start the killed server, with or without the queue that it had."""
        if loses_queue:
            shutil.rmtree(self._folder / "valkey" / "appendonlydir")
        url = self._valkey.url()
        self._valkey.start()
        assert self._valkey.url() == url, "another program has taken the port"

    def has_no_message(self) -> bool:
        """Tell whether no message waits in the queue or is being worked on."""
        with redis.Redis.from_url(self.redis_url) as client:
            return not client.exists("celery", "unacked")

    def send_job(self, job_id: int) -> None:
        """Send a job to the workers of these servers, in place of ``core.tasks.send_job``."""
        with current_app.connection_for_write(url=self.redis_url) as connection:
            current_app.send_task(execute_job.name, (job_id,), connection=connection)


def _kill(pid: str) -> None:
    os.kill(int(pid), signal.SIGKILL)
    wait_until(lambda: not command_line_of(pid))


@contextmanager
def own_servers() -> Iterator[Servers]:
    """Start two servers, and let this process and the workers that it starts use them."""
    project = Path(tempfile.mkdtemp(prefix="crm-faults-"))
    project.chmod(0o711)  # the user that runs the servers must reach their data
    directory = find_data_directory("default", project)
    directory.make_folders()
    servers = Servers(directory)
    connection = connections["default"]
    try:
        servers.start()
        addresses = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        database = environ.Env.db_url_config(servers.database_url)
        connection.close()
        with (
            patch.dict(os.environ, addresses),
            patch.dict(connection.settings_dict, database),
            patch("core.tasks.send_job", servers.send_job),
        ):
            yield servers
            connection.close()
    finally:
        servers.stop()
        shutil.rmtree(project)
        shutil.rmtree(directory.data_root, ignore_errors=True)
