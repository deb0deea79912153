"""A client that openapi-python-client generates from the product's schema."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PACKAGE = "crm_client"
# What the generator leaves out: its clients cannot send files of rows, only JSON.
EXPECTED_WARNINGS = {
    "Unsupported content type application/x-ndjson",
    "Unsupported content type text/csv",
}


def generate_client(schema: dict[str, Any], folder: Path) -> None:
    """Generate the package PACKAGE in the folder; fail on a warning that is not expected."""
    (folder / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    # Without hooks the generator does not format what it has written.
    (folder / "config.yml").write_text("post_hooks: []\n", encoding="utf-8")
    completed = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", "schema.json",
            "--config", "config.yml", "--meta", "none", "--output-path", PACKAGE,
        ],
        cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    lines = (completed.stdout + completed.stderr).splitlines()
    warnings = {line for line in lines if line.startswith(("Unsupported", "Cannot", "Could not"))}
    assert warnings == EXPECTED_WARNINGS, completed.stdout


class GeneratedClient:
    """The generated client of one key.

    ``call("complaints", "complaints_read", id=1)`` calls the operation of this name, of this tag,
    and returns the generated ``Response`` with ``status_code``, ``headers`` and ``parsed``.
    """

    def __init__(self, address: str, key: str, language: str = "en") -> None:
        module = importlib.import_module(f"{PACKAGE}.client")
        self.client = module.AuthenticatedClient(
            base_url=address,
            token=key,
            headers={"Accept-Language": language},
            raise_on_unexpected_status=True,
        )

    def call(self, tag: str, operation: str, *arguments: Any, **options: Any) -> Any:
        """Call an operation and return its response."""
        module = importlib.import_module(f"{PACKAGE}.api.{tag}.{operation}")
        call: Callable[..., Any] = module.sync_detailed
        return call(*arguments, client=self.client, **options)

    def pages(self, tag: str, operation: str, **options: Any) -> Iterator[list[Any]]:
        """Yield the rows of each page of a list, following the links to the next page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.call(tag, operation, **options, **cursor).parsed
            yield page.results
            if not page.next_:
                return
            (text,) = parse_qs(urlsplit(page.next_).query)["cursor"]
            cursor = {"cursor": text}

    def rows(self, tag: str, operation: str, **options: Any) -> list[Any]:
        """Return all rows of a list."""
        return [row for page in self.pages(tag, operation, **options) for row in page]


def model(name: str) -> Any:
    """Return a generated class."""
    return getattr(importlib.import_module(f"{PACKAGE}.models"), name)
