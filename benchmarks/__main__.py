"""``python -m benchmarks [nightly | import | pages | file]``: measure, and print tables.

All but ``file`` work on a large demonstration company. It lies in a database of its own on the same
server, is made at the first use (minutes), and is used again while it has the size asked for.
"""

import argparse
import importlib
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import django

import engines
from benchmarks import database
from benchmarks.measuring import Size

NAMES = {"nightly": "nightly", "import": "importing", "pages": "pages", "file": "one_file"}


def main() -> int:
    """Run one measurement and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", default="nightly", choices=NAMES)
    parser.add_argument("--file", type=Path, help="file: transactions as CSV, into nothing")
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--transactions", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="after one that is not counted")
    parser.add_argument("--rows", type=int, default=1_000_000, help="import: rows of the file")
    asked = parser.parse_args()
    if asked.name == "file" and not asked.file:
        parser.error("file: name it with --file")
    size = Size(asked.customers, asked.transactions, asked.rounds, asked.rows, asked.file)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    try:
        with engines.running() as urls:
            os.environ["REDIS_URL"] = urls.redis_url
            with _database(asked.name, urls.database_url, size) as url:
                os.environ["DATABASE_URL"] = url
                django.setup()
                # Models can be imported from here on, so the measurement comes by its name.
                importlib.import_module(f"benchmarks.{NAMES[asked.name]}").measure(size)
    except engines.EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _database(name: str, url: str, size: Size) -> AbstractContextManager[str]:
    if name == "file":
        return database.empty(url)
    return database.company(url, size, throw_away=name == "import")


if __name__ == "__main__":
    sys.exit(main())
