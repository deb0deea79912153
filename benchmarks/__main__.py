"""``python -m benchmarks NAME``: run a benchmark (nightly if none is named) and print tables.

nightly: the nightly scoring run. import: a generated file into a large table. pages: every page.
lists: every list with every order and filter. api: the API's list of customers beside plain ones.
events: what recording events costs an import. jobs: exports, a bulk edit and its undo.
file: a given file into an empty database, and the scoring of it.

All benchmarks except ``file`` use a large demonstration company in a database of its own. The first
run creates it, which takes minutes. Later runs reuse it if its size is the same.
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
from benchmarks.measuring import BenchmarkOptions

# The module of each benchmark. Each has a function ``measure(options: BenchmarkOptions) -> None``.
MODULES = {
    "nightly": "nightly",
    "import": "repeated_import",
    "pages": "pages",
    "lists": "lists",
    "events": "events",
    "api": "api_lists",
    "jobs": "jobs",
    "file": "first_import",
}


def main() -> int:
    """Run one benchmark and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", default="nightly", choices=MODULES)
    parser.add_argument("--file", type=Path, help="file: the CSV file of transactions")
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--transactions", type=int, default=10_000_000)
    parser.add_argument(
        "--rounds", type=int, default=5, help="measured rounds, after one to warm up"
    )
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="import: rows of the generated file"
    )
    arguments = parser.parse_args()
    if arguments.name == "file" and not arguments.file:
        parser.error("the benchmark 'file' needs --file")
    options = BenchmarkOptions(
        customers=arguments.customers,
        transactions=arguments.transactions,
        rounds=arguments.rounds,
        rows=arguments.rows,
        file=arguments.file,
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    # The settings read both addresses from the environment in django.setup().
    try:
        with engines.running() as urls:
            os.environ["REDIS_URL"] = urls.redis_url
            with _benchmark_database(arguments.name, urls.database_url, options) as url:
                os.environ["DATABASE_URL"] = url
                django.setup()
                # The benchmarks import models, which is possible only after django.setup().
                benchmark = importlib.import_module(f"benchmarks.{MODULES[arguments.name]}")
                benchmark.measure(options)
    except engines.EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _benchmark_database(
    name: str, url: str, options: BenchmarkOptions
) -> AbstractContextManager[str]:
    """Return the context that yields the URL of the database for the benchmark ``name``.

    ``url`` is that of the project's own database, whose server is used.
    """
    if name == "file":
        return database.empty_database(url)
    return database.company_database(
        url, options, is_temporary=name in {"import", "events", "jobs"}
    )


if __name__ == "__main__":
    sys.exit(main())
