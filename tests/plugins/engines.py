"""Starts the test engines for the session. Workers of xdist use the running engines.

Every worker gets its own numbered database in Valkey, so that clearing the cache in one worker does
not remove the login attempts or the queue of another.
"""

import atexit
import os
from contextlib import ExitStack
from urllib.parse import urlsplit

import engines

_exit_stack = ExitStack()
atexit.register(_exit_stack.close)
_worker_name = os.environ.get("PYTEST_XDIST_WORKER", "")


def redis_url_with_database(redis_url: str, number: int) -> str:
    """Return the URL of another database of the same server. A server has sixteen."""
    return urlsplit(redis_url)._replace(path=f"/{number % 16}").geturl()


if _worker_name:
    os.environ["REDIS_URL"] = redis_url_with_database(
        os.environ["REDIS_URL"], int(_worker_name.removeprefix("gw"))
    )
else:
    _urls = _exit_stack.enter_context(engines.running("test"))
    os.environ["DATABASE_URL"] = _urls.database_url
    os.environ["REDIS_URL"] = _urls.redis_url
