"""The embedded Valkey, the broker of Celery and the cache of Django.

It listens on a local port and requires a password. Port and password are chosen once and stored in
``state_folder/valkey.json``, which every process of the project reads.
"""

import json
import os
import secrets
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from engines.data_directory import DataDirectory
from engines.errors import EngineError, find_error_line, suggest_remedy
from engines.processes import command_line_of
from engines.programs import valkey_server_program

_HOST = "127.0.0.1"
# Operating systems use higher ports for outgoing connections.
_PORTS = range(20000, 30000)
_SECONDS_TO_START = 60
_SECONDS_TO_STOP = 30


@dataclass(frozen=True)
class Address:
    """The port and the password of the server."""

    port: int
    password: str


class Valkey:
    """One server. The queue survives a stop; a crash loses at most the last second of it.

    The test profile stores no queue. Call ``start`` and ``stop`` while ``locks.start_stop_lock`` is
    held.
    """

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._folder = directory.data_folder / "valkey"
        self._log = self._folder / "valkey.log"
        self._address_file = directory.state_folder / "valkey.json"

    def url(self) -> str:
        """Return the address. The first call chooses and stores the port and the password."""
        address = self._read_address()
        return f"redis://:{address.password}@{_HOST}:{address.port}/0"

    def start(self) -> None:
        """Start the server if it does not run. Raises EngineError.

        If another program has taken the port, another port is chosen, so ``url`` changes.
        """
        address = self._read_address()
        if _is_responding(address):
            return
        if self._is_running():
            if not self._wait_until_responding(address):
                raise self._error("it runs but does not answer")
            return
        if not _is_free(address.port):
            address = Address(_free_port(), address.password)
            self._write_address_file(address)
        self._directory.make_private_folder(self._folder)
        config = self._write_config(address)
        result = self._directory.run_program([valkey_server_program(self._directory), config])
        if result.returncode or not self._wait_until_responding(address):
            raise self._error(result.stdout + result.stderr)

    def stop(self) -> None:
        """Stop the server if it answers; it writes its append-only file to disk first.

        ``SAVE`` writes a snapshot as well, from which a server without that file could start. Tests
        keep nothing.

        A server that has not stopped after _SECONDS_TO_STOP is left running, without an error.
        """
        address = self._read_address()
        save_mode = "NOSAVE" if self._directory.profile == "test" else "SAVE"
        if not _is_responding(address):
            return
        _send_command(address, f"SHUTDOWN {save_mode}")
        deadline = time.monotonic() + _SECONDS_TO_STOP
        while not _is_free(address.port) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _is_running(self) -> bool:
        """Return whether the process exists, even if it does not answer yet.

        A second server must not be started then, because two would write the same files.
        """
        pid_file = self._folder / "valkey.pid"
        if not pid_file.is_file():
            return False
        command = command_line_of(pid_file.read_text(encoding="ascii").strip())
        # Valkey shows its address as its command line: "…/valkey-server 127.0.0.1:20123".
        return f"{_HOST}:{self._read_address().port}" in command

    def _wait_until_responding(self, address: Address) -> bool:
        """Wait until the server answers, and return whether it did.

        It answers with an error while it loads its data.
        """
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline:
            if _is_responding(address):
                return True
            time.sleep(0.05)
        return False

    def _read_address(self) -> Address:
        """Return the stored address; choose and store one if there is none."""
        if not self._address_file.is_file():
            self._directory.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write_address_file(
                Address(_free_port(), secrets.token_urlsafe(32)), keep_existing=True
            )
        return Address(**json.loads(self._address_file.read_text(encoding="ascii")))

    def _write_address_file(self, address: Address, *, keep_existing: bool = False) -> None:
        """Write the file in one step, so that no process reads half of it.

        With ``keep_existing`` an existing file is not replaced.
        """
        temporary = self._address_file.with_name(f"{self._address_file.name}.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(asdict(address)), encoding="ascii")
        if not keep_existing:
            temporary.replace(self._address_file)
            return
        try:
            self._address_file.hardlink_to(temporary)
        except FileExistsError:
            pass  # another process was first, and its address is used
        finally:
            temporary.unlink()

    def _write_config(self, address: Address) -> Path:
        """Write the configuration file and return its path.

        The password is in a file with mode 0600, because other users can read a command line.
        """
        lines = [
            f"bind {_HOST}",
            f"port {address.port}",
            f"requirepass {address.password}",
            f"dir {_quoted(self._folder)}",
            f"logfile {_quoted(self._log)}",
            f"pidfile {_quoted(self._folder / 'valkey.pid')}",
            "daemonize yes",
            'save ""',  # no snapshots: the append-only file below is more recent
            f"appendonly {'no' if self._directory.profile == 'test' else 'yes'}",
            "maxmemory-policy noeviction",  # a full memory must not remove tasks from the queue
        ]
        config = self._folder / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if self._directory.service_user:
            os.chown(config, self._directory.service_user.uid, self._directory.service_user.gid)
        return config

    def _error(self, output: str) -> EngineError:
        """Return the error for a failed start, from the program's output and the end of its log."""
        if self._log.is_file():
            output += self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        return EngineError(
            f"Valkey could not start: {find_error_line(output)} (log: {self._log})."
            f" {suggest_remedy(output)}"
        )


def _quoted(path: Path) -> str:
    """Return the path as a quoted string of the configuration file."""
    return '"{}"'.format(str(path).replace("\\", "\\\\").replace('"', '\\"'))


def _send_command(address: Address, command: str) -> str:
    """Log in, send one command, and return the start of both answers: ``+OK`` and ``+PONG``.

    Returns an empty text if there is no connection.
    """
    try:
        with socket.create_connection((_HOST, address.port), timeout=2) as connection:
            connection.sendall(f"AUTH {address.password}\r\n{command}\r\n".encode())
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("r", encoding="utf-8", errors="replace") as answer:
                return answer.read(100)
    except OSError:
        return ""


def _is_responding(address: Address) -> bool:
    return "+PONG" in _send_command(address, "PING")


def _is_free(port: int) -> bool:
    """Return whether no program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    """Return a random free port. Raises EngineError after a hundred ports that are taken."""
    for _ in range(100):
        if _is_free(port := secrets.choice(_PORTS)):
            return port
    message = f"No free port between {_PORTS.start} and {_PORTS.stop}: set REDIS_URL instead."
    raise EngineError(message)
