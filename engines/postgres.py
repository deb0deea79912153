"""The embedded PostgreSQL: its cluster is created once, then the server is started and stopped.

A cluster is the folder with all data of one PostgreSQL server. It contains one database, which one
role owns; both are named ``group_crm``.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

from engines.data_directory import DataDirectory
from engines.errors import EngineError, find_error_line, suggest_remedy
from engines.postgres_settings import postgres_settings
from engines.processes import command_line_of
from engines.programs import postgres_program_folder

ROLE = DATABASE = "group_crm"
_SETTINGS_FILE = "group_crm.conf"  # in the cluster, included by its postgresql.conf
# After a crash the server first repeats the changes in its log, which can take minutes.
_SECONDS_TO_START = 300
_SECONDS_TO_STOP = 120
_MAX_LOG_BYTES = 10 * 1024 * 1024
# Exit codes of pg_isready.
_ACCEPTING_CONNECTIONS, _REJECTING_CONNECTIONS = 0, 1


class Postgres:
    """One cluster, reached through a socket that only the user of the engines and root can open.

    There is no password: the permissions of the socket's folder decide who can connect. Call
    ``start`` and ``stop`` while ``locks.start_stop_lock`` is held.
    """

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._folder = directory.data_folder / "postgres"
        self._cluster = self._folder / "cluster"
        self._log = self._folder / "postgres.log"

    def url(self) -> str:
        """Return the address: ``postgres://group_crm@/group_crm?host=FOLDER-OF-THE-SOCKET``.

        The folder is a parameter, because that is the form that both libpq and django-environ read.
        """
        host = quote(str(self._directory.socket_folder), safe="")
        return f"postgres://{ROLE}@/{DATABASE}?host={host}"

    def start(self) -> None:
        """Start the server; create the cluster first if there is none. Raises EngineError."""
        programs = postgres_program_folder(self._directory)
        if self._wait_while_busy(programs):
            return
        self._directory.make_private_folder(self._folder)
        if not (self._cluster / "PG_VERSION").is_file():
            self._create_cluster(programs)
        self._check_version(programs)
        self._write_settings()
        self._remove_stale_lock_files()
        self._start_server(programs)

    def stop(self) -> None:
        """Stop the server if it runs: end its sessions and write everything to disk.

        A server that has not stopped after _SECONDS_TO_STOP is left running, without an error.
        """
        if not (self._cluster / "postmaster.pid").is_file():
            return
        programs = postgres_program_folder(self._directory)
        self._directory.run_program(
            [
                *(programs / "pg_ctl", "stop", "--silent", "--mode=fast"),
                *("-t", str(_SECONDS_TO_STOP), "-D", self._cluster),
            ]
        )

    def _wait_while_busy(self, programs: Path) -> bool:
        """Wait while a server is starting, recovering or stopping.

        Returns whether a server accepts connections then.
        """
        deadline = time.monotonic() + _SECONDS_TO_START
        while (code := self._run_pg_isready(programs)) == _REJECTING_CONNECTIONS:
            if time.monotonic() >= deadline:
                break
            time.sleep(0.2)
        return code == _ACCEPTING_CONNECTIONS

    def _run_pg_isready(self, programs: Path) -> int:
        command: list[str | Path] = [programs / "pg_isready", "-q", "-d", DATABASE]
        command += ["-h", self._directory.socket_folder]
        return self._directory.run_program(command).returncode

    def _create_cluster(self, programs: Path) -> None:
        """Create the cluster and its database. Raises EngineError.

        The cluster gets its final name at the end, so that an unfinished one is never used.
        """
        sys.stderr.write(f"Making the database in {self._folder} …\n")
        unfinished = self._folder / "cluster.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        is_test = self._directory.profile == "test"
        test_options = ["--no-sync", "--no-data-checksums"] if is_test else []
        initdb = self._directory.run_program(
            [
                *(programs / "initdb", "-D", unfinished, "-U", ROLE, "--encoding=UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--auth-local=trust", "--auth-host=reject", "--no-instructions", *test_options),
            ]
        )
        self._raise_on_failure(initdb, "make the database")
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(f"\ninclude '{_SETTINGS_FILE}'\n")
        # The included file has to exist for the next command; ``_write_settings`` fills it.
        (unfinished / _SETTINGS_FILE).touch(mode=0o644)
        # Single-user mode runs statements from stdin without a server.
        create_database = self._directory.run_program(
            [programs / "postgres", "--single", "-D", unfinished, "postgres"],
            stdin=f"CREATE DATABASE {DATABASE};\n",
        )
        self._raise_on_failure(create_database, "make the database")
        unfinished.rename(self._cluster)

    def _raise_on_failure(self, result: subprocess.CompletedProcess[str], action: str) -> None:
        """Write the output of a failed program to the log and raise EngineError.

        ``action`` completes the sentence "PostgreSQL could not …".
        """
        output = result.stderr + result.stdout
        # In single-user mode ``postgres`` returns 0 even if a statement fails.
        if result.returncode or "ERROR:" in output:
            self._log.write_text(output, encoding="utf-8")
            raise self._error(action, output)

    def _error(self, action: str, output: str) -> EngineError:
        return EngineError(
            f"PostgreSQL could not {action}: {find_error_line(output)} (log: {self._log})."
            f" {suggest_remedy(output)}"
        )

    def _check_version(self, programs: Path) -> None:
        """Raise EngineError if another major version of PostgreSQL created the cluster."""
        cluster_version = (self._cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        output = self._directory.run_program([programs / "postgres", "--version"]).stdout
        installed_version = output.split()[-1].partition(".")[0]
        if cluster_version != installed_version:
            message = (
                f"The database in {self._cluster} was made by PostgreSQL {cluster_version}, the"
                f" installed package has {installed_version}: install the earlier package, dump the"
                " data, and load them into a new database."
            )
            raise EngineError(message)

    def _write_settings(self) -> None:
        """Write the settings on each start, because the memory of the machine may have changed."""
        settings = postgres_settings(self._directory.profile, self._folder)
        # The double quotes allow spaces and commas in the path.
        settings["unix_socket_directories"] = f'"{self._directory.socket_folder}"'
        lines = ["# Written by the project on each start; put your own into postgresql.conf."]
        lines += [
            "{} = '{}'".format(name, value.replace("'", "''"))
            for name, value in sorted(settings.items())
        ]
        (self._cluster / _SETTINGS_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _remove_stale_lock_files(self) -> None:
        """Remove lock files whose process id now belongs to another program.

        The server itself removes lock files whose process does not exist. After a restart of the
        machine the id often belongs to another program, and the server would refuse to start.
        """
        for path in (
            self._cluster / "postmaster.pid",
            self._directory.socket_folder / ".s.PGSQL.5432.lock",
        ):
            if path.is_file():
                # The first line is the process id, with a minus sign for single-user mode.
                pid = path.read_text(encoding="utf-8").partition("\n")[0].strip().lstrip("-")
                # pg_ctl starts a server with the cluster's folder on its command line.
                if str(self._cluster) not in command_line_of(pid):
                    path.unlink()

    def _start_server(self, programs: Path) -> None:
        """Start the server and wait until it accepts connections.

        Raises EngineError with a line that this start has written to the log.
        """
        if self._log.is_file() and self._log.stat().st_size > _MAX_LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        old_log_size = self._log.stat().st_size if self._log.is_file() else 0
        result = self._directory.run_program(
            [
                *(programs / "pg_ctl", "start", "--silent", "--wait", "-t", str(_SECONDS_TO_START)),
                *("-D", self._cluster, "-l", self._log),
            ]
        )
        if result.returncode:
            with self._log.open("rb") as log:
                log.seek(old_log_size)
                new_lines = log.read().decode("utf-8", errors="replace")
            raise self._error("start", new_lines or result.stderr + result.stdout)
