"""Starting and ending: addresses that cannot be had, and servers that outlive nobody."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engines.address import AddressError, address, require_free, shown
from engines.data_directory import PROJECT

SUPERVISOR = PROJECT / "engines" / "supervised_process.py"
LAUNCHER = """
import fcntl, subprocess, sys
handle = open(sys.argv[1], "r+")
fcntl.lockf(handle, fcntl.LOCK_EX)
supervisor = subprocess.Popen([sys.executable, *sys.argv[2:]])
print("up", flush=True)
supervisor.wait()
"""
SERVER = """
import os, pathlib, signal, sys, time
def stop(*_):
    pathlib.Path(sys.argv[1]).write_text("finished")
    sys.exit(5)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""


def wait_for(text: str | None, path: Path) -> str:
    """Wait until the file says ``text`` (anything, if None); return what it says."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        said = path.read_text(encoding="ascii") if path.is_file() else ""
        if said and text in {None, said}:
            return said
        time.sleep(0.05)
    pytest.fail(f"{path} never said {text}")


def lock_file(folder: Path) -> Path:
    path = folder / "launch.lock"
    path.touch()
    return path


@pytest.mark.parametrize("port", ["0", "65536", "eight", "80a", "-1", "８０００"])
def test_address_with_a_wrong_port_says_what_a_port_is(
    port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(
        AddressError, match=r"^PORT is a number from 1 to 65535.*PORT=8001 make run$"
    ):
        address()


def test_address_is_this_machine_alone_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("HOST", raising=False)
    assert address() == ("127.0.0.1", 8000)
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("PORT", "81")
    assert address() == ("0.0.0.0", 81)


def test_taken_port_is_named_with_a_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AddressError) as told:
            require_free("127.0.0.1", port)
    assert str(told.value).startswith(f"Port {port} is taken by another program.")
    assert "make run" in str(told.value)
    require_free("127.0.0.1", port)


def test_taken_port_ends_the_launch_before_anything_is_started() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = subprocess.run(
            [sys.executable, "engines/address.py"],
            capture_output=True,
            check=False,
            cwd=PROJECT,
            env=os.environ | {"PORT": str(other.getsockname()[1]), "HOST": "127.0.0.1"},
            text=True,
        )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(AddressError, match=r"^HOST=192\.0\.2\.1 is no address of this machine"):
        require_free("192.0.2.1", 8000)


def test_shown_address_can_be_typed_into_a_browser() -> None:
    assert shown("0.0.0.0", 8000) == "http://127.0.0.1:8000/"
    assert shown("::1", 8000) == "http://[::1]:8000/"


def test_supervisor_ends_the_server_of_a_killed_launcher(tmp_path: Path) -> None:
    said, lock = tmp_path / "said", lock_file(tmp_path)
    server = [str(SUPERVISOR), str(lock), "--", sys.executable, "-c", SERVER, str(said)]
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(lock), *server], stdout=subprocess.DEVNULL
    )
    wait_for(None, said)
    launcher.kill()
    launcher.wait()
    wait_for("finished", said)


def test_supervisor_passes_on_the_end_and_the_exit_code(tmp_path: Path) -> None:
    said, lock = tmp_path / "said", lock_file(tmp_path)
    with lock.open("r+b") as handle:
        fcntl.lockf(handle, fcntl.LOCK_EX)
        supervisor = subprocess.Popen(
            [sys.executable, SUPERVISOR, lock, "--", sys.executable, "-c", SERVER, said]
        )
        wait_for(None, said)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(20) == 5
    assert said.read_text(encoding="ascii") == "finished"


def test_supervisor_leaves_no_child_of_the_server_behind(tmp_path: Path) -> None:
    said, lock = tmp_path / "said", lock_file(tmp_path)
    with lock.open("r+b") as handle:
        fcntl.lockf(handle, fcntl.LOCK_EX)
        done = subprocess.run(
            [sys.executable, SUPERVISOR, lock, "--", "sh", "-c", f"sleep 60 & echo $! > '{said}'"],
            check=False,
            timeout=20,
        )
    assert done.returncode == 0
    child = int(wait_for(None, said))
    limit = time.monotonic() + 10
    while time.monotonic() < limit and _runs(child):
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    asked = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False, text=True
    )
    return bool(asked.stdout.strip()) and not asked.stdout.startswith("Z")
