"""The project's own PostgreSQL: made once, then started and stopped with the project."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

from engines.data_directory import Place
from engines.errors import EngineError, reason, remedy
from engines.machine import postgres_settings
from engines.processes import command_of
from engines.programs import postgres_folder

ROLE = DATABASE = "group_crm"
_OUR_SETTINGS = "group_crm.conf"
_SECONDS_TO_START = 300
_SECONDS_TO_STOP = 120
_LARGEST_LOG = 10 * 1024 * 1024
_ACCEPTING, _REJECTING = 0, 1


class Postgres:
    """One cluster, reached through a socket that only its owner and root can open."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._folder = place.home / "postgres"
        self._cluster = self._folder / "cluster"
        self._log = self._folder / "postgres.log"

    def url(self) -> str:
        """Return the address. The socket's folder is a query parameter: libpq and Django agree."""
        return f"postgres://{ROLE}@/{DATABASE}?host={quote(str(self._place.sockets), safe='')}"

    def start(self) -> None:
        """Start the server, making the cluster first if there is none. Raises EngineError."""
        programs = postgres_folder(self._place)
        if self._wait_while_rejecting(programs) == _ACCEPTING:
            return
        self._place.own_folder(self._folder)
        if not (self._cluster / "PG_VERSION").is_file():
            self._make_cluster(programs)
        self._check_version(programs)
        self._write_settings()
        self._remove_stale_pids()
        self._launch(programs)

    def stop(self) -> None:
        """Stop the server, letting it write everything down; ends its sessions."""
        if not (self._cluster / "postmaster.pid").is_file():
            return
        self._place.run(
            [
                *(postgres_folder(self._place) / "pg_ctl", "stop", "--silent", "--mode=fast"),
                *("-t", str(_SECONDS_TO_STOP), "-D", self._cluster),
            ]
        )

    def _state(self, programs: Path) -> int:
        asked: list[str | Path] = [programs / "pg_isready", "-q", "-d", DATABASE]
        return self._place.run([*asked, "-h", self._place.sockets]).returncode

    def _wait_while_rejecting(self, programs: Path) -> int:
        """Wait for a server that is starting, recovering or stopping just now."""
        end = time.monotonic() + _SECONDS_TO_START
        while (state := self._state(programs)) == _REJECTING and time.monotonic() < end:
            time.sleep(0.2)
        return state

    def _make_cluster(self, programs: Path) -> None:
        """Make the cluster under another name first, so that a half-made one is never used."""
        sys.stderr.write(f"Making the database in {self._folder} …\n")
        unfinished = self._folder / "cluster.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        durable = ["--no-sync", "--no-data-checksums"] if self._place.profile == "test" else []
        made = self._place.run(
            [
                *(programs / "initdb", "-D", unfinished, "-U", ROLE, "--encoding=UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--auth-local=trust", "--auth-host=reject", "--no-instructions", *durable),
            ]
        )
        self._require(made, "make the database")
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(f"\ninclude '{_OUR_SETTINGS}'\n")
        (unfinished / _OUR_SETTINGS).touch(mode=0o644)
        created = self._place.run(
            [programs / "postgres", "--single", "-D", unfinished, "postgres"],
            send=f"CREATE DATABASE {DATABASE};\n",
        )
        self._require(created, "make the database")
        unfinished.rename(self._cluster)

    def _require(self, done: subprocess.CompletedProcess[str], what: str) -> None:
        output = done.stderr + done.stdout
        if done.returncode or "ERROR:" in output:
            self._log.write_text(output, encoding="utf-8")
            self._fail(what, output)

    def _fail(self, what: str, output: str) -> None:
        message = (
            f"PostgreSQL could not {what}: {reason(output)} (log: {self._log}). {remedy(output)}"
        )
        raise EngineError(message)

    def _check_version(self, programs: Path) -> None:
        found = (self._cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        version = self._place.run([programs / "postgres", "--version"]).stdout
        ours = version.split()[-1].partition(".")[0]
        if found != ours:
            message = (
                f"The database in {self._cluster} was made by PostgreSQL {found}, the installed"
                f" package has {ours}: install the earlier package, dump the data, and load them"
                " into a new database."
            )
            raise EngineError(message)

    def _write_settings(self) -> None:
        """Write the settings on each start, so that they fit a machine that has changed."""
        settings = postgres_settings(self._place.profile, self._folder)
        # A name in double quotes may hold spaces and commas.
        settings["unix_socket_directories"] = f'"{self._place.sockets}"'
        lines = ["# Written by the project on each start; put your own into postgresql.conf."]
        lines += [
            "{} = '{}'".format(name, value.replace("'", "''"))
            for name, value in sorted(settings.items())
        ]
        (self._cluster / _OUR_SETTINGS).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _remove_stale_pids(self) -> None:
        """Remove lock files whose process number now belongs to another program.

        The server removes those whose process is gone; after a restart of the machine the number
        is often somebody else's, and then it would refuse to start.
        """
        for path in (
            self._cluster / "postmaster.pid",
            self._place.sockets / ".s.PGSQL.5432.lock",
        ):
            if path.is_file():
                first = path.read_text(encoding="utf-8").partition("\n")[0].strip().lstrip("-")
                if str(self._cluster) not in command_of(first):
                    path.unlink()

    def _launch(self, programs: Path) -> None:
        if self._log.is_file() and self._log.stat().st_size > _LARGEST_LOG:
            self._log.replace(self._log.with_suffix(".log.1"))
        seen = self._log.stat().st_size if self._log.is_file() else 0
        started = self._place.run(
            [
                *(programs / "pg_ctl", "start", "--silent", "--wait", "-t", str(_SECONDS_TO_START)),
                *("-D", self._cluster, "-l", self._log),
            ]
        )
        if started.returncode:
            with self._log.open("rb") as log:
                log.seek(seen)
                news = log.read().decode("utf-8", errors="replace")
            self._fail("start", news or started.stderr + started.stdout)
