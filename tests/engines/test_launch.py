"""``make run``: addresses that cannot be used, and servers that end with their launcher."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engines.data_directory import PROJECT
from engines.web_address import WebAddressError, browser_url, read_web_address, require_free

SUPERVISOR = PROJECT / "engines" / "supervised_process.py"
LAUNCHER_SCRIPT = """
import fcntl, subprocess, sys
handle = open(sys.argv[1], "r+")
fcntl.lockf(handle, fcntl.LOCK_EX)
supervisor = subprocess.Popen([sys.executable, *sys.argv[2:]])
print("up", flush=True)
supervisor.wait()
"""
SERVER_SCRIPT = """
import os, pathlib, signal, sys, time
def stop(*_):
    pathlib.Path(sys.argv[1]).write_text("finished")
    sys.exit(5)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""


def wait_for_content(path: Path, expected: str | None = None) -> str:
    """Wait until the file contains ``expected`` (or anything); return its content."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        content = path.read_text(encoding="ascii") if path.is_file() else ""
        if content and expected in {None, content}:
            return content
        time.sleep(0.05)
    pytest.fail(f"{path} never contained {expected}")


def make_lock_file(folder: Path) -> Path:
    path = folder / "launch.lock"
    path.touch()
    return path


@pytest.mark.parametrize("port", ["0", "65536", "eight", "80a", "-1", "８０００"])
def test_wrong_port_is_refused_with_an_example(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(
        WebAddressError, match=r"^PORT is a number from 1 to 65535.*PORT=8001 make run$"
    ):
        read_web_address()


def test_server_listens_on_localhost_unless_host_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("HOST", raising=False)
    assert read_web_address() == ("127.0.0.1", 8000)
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("PORT", "81")
    assert read_web_address() == ("0.0.0.0", 81)


def test_taken_port_is_refused_with_another_suggested() -> None:
    with socket.socket() as other_server:
        other_server.bind(("127.0.0.1", 0))
        other_server.listen()
        port = other_server.getsockname()[1]
        with pytest.raises(WebAddressError) as error:
            require_free("127.0.0.1", port)
    assert str(error.value).startswith(f"Port {port} is taken by another program.")
    assert "make run" in str(error.value)
    require_free("127.0.0.1", port)


def test_script_refuses_a_taken_port_in_one_line() -> None:
    with socket.socket() as other_server:
        other_server.bind(("127.0.0.1", 0))
        other_server.listen()
        result = subprocess.run(
            [sys.executable, "engines/web_address.py"],
            capture_output=True,
            check=False,
            cwd=PROJECT,
            env=os.environ | {"PORT": str(other_server.getsockname()[1]), "HOST": "127.0.0.1"},
            text=True,
        )
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)


def test_host_of_another_machine_is_refused() -> None:
    with pytest.raises(WebAddressError, match=r"^HOST=192\.0\.2\.1 is no address of this machine"):
        require_free("192.0.2.1", 8000)


def test_browser_url_of_a_wildcard_and_of_an_ipv6_host() -> None:
    assert browser_url("0.0.0.0", 8000) == "http://127.0.0.1:8000/"
    assert browser_url("::1", 8000) == "http://[::1]:8000/"


def test_supervisor_stops_the_server_when_the_launcher_is_killed(tmp_path: Path) -> None:
    server_output, lock = tmp_path / "output", make_lock_file(tmp_path)
    launcher = subprocess.Popen(
        [
            *(sys.executable, "-c", LAUNCHER_SCRIPT, lock),
            *(SUPERVISOR, lock, "--", sys.executable, "-c", SERVER_SCRIPT, server_output),
        ],
        stdout=subprocess.DEVNULL,
    )
    wait_for_content(server_output)
    launcher.kill()
    launcher.wait()
    wait_for_content(server_output, "finished")


def test_supervisor_stops_the_server_on_sigterm_and_returns_its_exit_code(tmp_path: Path) -> None:
    server_output, lock = tmp_path / "output", make_lock_file(tmp_path)
    with lock.open("r+b") as handle:
        fcntl.lockf(handle, fcntl.LOCK_EX)
        supervisor = subprocess.Popen(
            [
                *(sys.executable, SUPERVISOR, lock, "--"),
                *(sys.executable, "-c", SERVER_SCRIPT, server_output),
            ]
        )
        wait_for_content(server_output)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(20) == 5
    assert server_output.read_text(encoding="ascii") == "finished"


def test_supervisor_kills_the_children_that_the_server_leaves(tmp_path: Path) -> None:
    server_output, lock = tmp_path / "output", make_lock_file(tmp_path)
    with lock.open("r+b") as handle:
        fcntl.lockf(handle, fcntl.LOCK_EX)
        result = subprocess.run(
            [
                *(sys.executable, SUPERVISOR, lock, "--"),
                *("sh", "-c", f"sleep 60 & echo $! > '{server_output}'"),
            ],
            check=False,
            timeout=20,
        )
    assert result.returncode == 0
    child = int(wait_for_content(server_output))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and is_running(child):
        time.sleep(0.05)
    assert not is_running(child)


def is_running(pid: int) -> bool:
    result = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False, text=True
    )
    return bool(result.stdout.strip()) and not result.stdout.startswith("Z")
