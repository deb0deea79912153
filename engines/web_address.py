"""The address of the web server: HOST and PORT, and whether the server can listen there.

``launch.py`` imports it. ``scripts/install.py`` also runs it as a script before anything is
installed, so it uses the standard library only; as a script it exits with code 1 and the problem.
"""

import errno
import os
import socket
import sys
import time


class WebAddressError(Exception):
    """The server cannot listen there; the message is one line that says what to do."""


def read_web_address() -> tuple[str, int]:
    """Return host and port from the variables HOST and PORT of the environment.

    Defaults: 127.0.0.1 and 8000. Raises WebAddressError if PORT is not a port.
    """
    text = os.environ.get("PORT", "") or "8000"
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 65536:
        message = f"PORT is a number from 1 to 65535, not '{text}'. Example: PORT=8001 make run"
        raise WebAddressError(message)
    return os.environ.get("HOST", "") or "127.0.0.1", int(text)


def browser_url(host: str, port: int) -> str:
    """Return the address to type into a browser on this machine: ``http://127.0.0.1:8000/``."""
    # A server on 0.0.0.0 or :: listens on all addresses, and these are none that one can open.
    name = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (compared only)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def require_free(host: str, port: int, *, timeout_seconds: float = 0) -> None:
    """Raise WebAddressError if the server cannot listen there.

    With ``timeout_seconds``, wait that long for the address to become free: the servers of a killed
    launch need some seconds to stop.
    """
    deadline = time.monotonic() + timeout_seconds
    while problem := _find_problem(host, port):
        if time.monotonic() >= deadline:
            raise WebAddressError(problem)
        time.sleep(0.5)


def _find_problem(host: str, port: int) -> str:
    """Return one line on why the server cannot listen there and what to do; empty if it can."""
    try:
        family, kind, protocol, _, socket_address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(socket_address)
    except OSError as error:
        other_port = port + 1 if 1024 <= port < 65535 else 8001
        advice = f"Use another: PORT={other_port} make run"
        if error.errno == errno.EADDRINUSE:
            return f"Port {port} is taken by another program. {advice}"
        if error.errno == errno.EACCES:
            return f"Port {port} is reserved for root. {advice}"
        return f"HOST={host} is no address of this machine. Example: HOST=0.0.0.0 make run"
    return ""


if __name__ == "__main__":
    try:
        require_free(*read_web_address())
    except WebAddressError as problem:
        sys.exit(str(problem))
