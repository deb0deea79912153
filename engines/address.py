"""Where the web server listens: HOST and PORT, and whether they can be had.

Standard library alone, and runnable by its path: asked before anything is installed.
"""

import errno
import os
import socket
import sys
import time


class AddressError(Exception):
    """We cannot listen there; the message is one line that says what to do."""


def address() -> tuple[str, int]:
    """Return host and port from HOST and PORT. Raises AddressError."""
    text = os.environ.get("PORT", "") or "8000"
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 65536:
        message = f"PORT is a number from 1 to 65535, not '{text}'. Example: PORT=8001 make run"
        raise AddressError(message)
    return os.environ.get("HOST", "") or "127.0.0.1", int(text)


def shown(host: str, port: int) -> str:
    """Return the address to type into a browser."""
    name = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (compared only)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def require_free(host: str, port: int, *, seconds: float = 0) -> None:
    """Make sure that we can listen there. Raises AddressError.

    ``seconds`` is how long to wait for servers of a killed launch to notice that it is gone.
    """
    limit = time.monotonic() + seconds
    while problem := _problem(host, port):
        if time.monotonic() >= limit:
            raise AddressError(problem)
        time.sleep(0.5)


def _problem(host: str, port: int) -> str:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        other = port + 1 if 1024 <= port < 65535 else 8001
        if error.errno == errno.EADDRINUSE:
            return f"Port {port} is taken by another program. Use another: PORT={other} make run"
        if error.errno == errno.EACCES:
            return f"Port {port} is reserved for root. Use another: PORT={other} make run"
        return f"HOST={host} is no address of this machine. Example: HOST=0.0.0.0 make run"
    return ""


if __name__ == "__main__":
    try:
        require_free(*address())
    except AddressError as problem:
        sys.exit(str(problem))
