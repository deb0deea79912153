"""Keeps the test engines up for the length of the session; xdist workers find them running.

Every worker gets a numbered database of its own in Valkey, so that one clearing its cache does not
take another's login attempts or queue along.
"""

import atexit
import os
from contextlib import ExitStack
from urllib.parse import urlsplit

import engines

_stack = ExitStack()
atexit.register(_stack.close)
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")


def numbered(redis_url: str, number: int) -> str:
    """Return the address of another database on the same Valkey, which has sixteen."""
    return urlsplit(redis_url)._replace(path=f"/{number % 16}").geturl()


if _worker:
    os.environ["REDIS_URL"] = numbered(os.environ["REDIS_URL"], int(_worker.removeprefix("gw")))
else:
    _urls = _stack.enter_context(engines.running("test"))
    os.environ["DATABASE_URL"] = _urls.database_url
    os.environ["REDIS_URL"] = _urls.redis_url
