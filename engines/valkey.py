"""The project's own Valkey: on a port of this machine alone, behind a password of its own."""

import json
import os
import secrets
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from engines.data_directory import Place
from engines.errors import EngineError, reason, remedy
from engines.processes import command_of
from engines.programs import valkey_program

_HOST = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections.
_PORTS = range(20000, 30000)
_SECONDS_TO_START = 60
_SECONDS_TO_STOP = 30


@dataclass(frozen=True)
class Address:
    """Where the server listens and what it wants to hear."""

    port: int
    password: str


class Valkey:
    """One server; what is queued survives a stop, and all but the last second a crash."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._folder = place.home / "valkey"
        self._log = self._folder / "valkey.log"
        self._record = place.records / "valkey.json"

    def url(self) -> str:
        """Return the address, choosing port and password the first time."""
        address = self._address()
        return f"redis://:{address.password}@{_HOST}:{address.port}/0"

    def start(self) -> None:
        """Start the server if it does not answer. Raises EngineError."""
        address = self._address()
        if _answers(address):
            return
        if self._is_busy():
            if not self._comes_up(address):
                self._fail("it runs but does not answer")
            return
        if not _is_free(address.port):
            address = Address(_free_port(), address.password)
            self._write_record(address)
        self._place.own_folder(self._folder)
        conf = self._write_conf(address)
        done = self._place.run([valkey_program(self._place), conf])
        if done.returncode or not self._comes_up(address):
            self._fail(done.stdout + done.stderr)

    def stop(self) -> None:
        """Have the server write everything down and end."""
        address = self._address()
        keep = "NOSAVE" if self._place.profile == "test" else "SAVE"
        if not _answers(address):
            return
        _ask(address, f"SHUTDOWN {keep}")
        end = time.monotonic() + _SECONDS_TO_STOP
        while not _is_free(address.port) and time.monotonic() < end:
            time.sleep(0.02)

    def _is_busy(self) -> bool:
        """Tell whether our server runs without answering: two must never share a folder."""
        pid_file = self._folder / "valkey.pid"
        if not pid_file.is_file():
            return False
        command = command_of(pid_file.read_text(encoding="ascii").strip())
        return f"{_HOST}:{self._address().port}" in command

    def _comes_up(self, address: Address) -> bool:
        """Wait until the server answers; it may have much to load."""
        end = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < end:
            if _answers(address):
                return True
            time.sleep(0.05)
        return False

    def _address(self) -> Address:
        if not self._record.is_file():
            self._place.records.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write_record(Address(_free_port(), secrets.token_urlsafe(32)), only_first=True)
        return Address(**json.loads(self._record.read_text(encoding="ascii")))

    def _write_record(self, address: Address, *, only_first: bool = False) -> None:
        """Write the record in one step; with ``only_first``, leave one that is there already."""
        own = self._record.with_name(f"{self._record.name}.{os.getpid()}")
        own.touch(mode=0o600)
        own.write_text(json.dumps(asdict(address)), encoding="ascii")
        if not only_first:
            own.replace(self._record)
            return
        try:
            self._record.hardlink_to(own)
        except FileExistsError:
            pass  # another process was first: its address holds
        finally:
            own.unlink()

    def _write_conf(self, address: Address) -> Path:
        """Write the configuration: in a file, because others can read a command line."""
        lines = [
            f"bind {_HOST}",
            f"port {address.port}",
            f"requirepass {address.password}",
            f"dir {_quoted(self._folder)}",
            f"logfile {_quoted(self._log)}",
            f"pidfile {_quoted(self._folder / 'valkey.pid')}",
            "daemonize yes",
            'save ""',
            f"appendonly {'no' if self._place.profile == 'test' else 'yes'}",
            "maxmemory-policy noeviction",
        ]
        conf = self._folder / "valkey.conf"
        conf.touch(mode=0o600)
        conf.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if self._place.owner:
            os.chown(conf, self._place.owner.uid, self._place.owner.gid)
        return conf

    def _fail(self, output: str) -> None:
        if self._log.is_file():
            output += self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        message = f"Valkey could not start: {reason(output)} (log: {self._log}). {remedy(output)}"
        raise EngineError(message)


def _quoted(path: Path) -> str:
    return '"{}"'.format(str(path).replace("\\", "\\\\").replace('"', '\\"'))


def _ask(address: Address, command: str) -> str:
    """Send one command; return the answer, empty when nothing of ours listens there."""
    try:
        with socket.create_connection((_HOST, address.port), timeout=2) as line:
            line.sendall(f"AUTH {address.password}\r\n{command}\r\n".encode())
            line.shutdown(socket.SHUT_WR)
            with line.makefile("r", encoding="utf-8", errors="replace") as answer:
                return answer.read(100)
    except OSError:
        return ""


def _answers(address: Address) -> bool:
    return "+PONG" in _ask(address, "PING")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    for _ in range(100):
        if _is_free(port := secrets.choice(_PORTS)):
            return port
    message = f"No free port between {_PORTS.start} and {_PORTS.stop}: set REDIS_URL instead."
    raise EngineError(message)
