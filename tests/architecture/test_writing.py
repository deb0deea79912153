"""Only services write, and every service authorises its actor.

The rules are described in ``checks/writes.py`` and ``checks/services.py``, and the exceptions are
listed in ``checks/exceptions.py``.
"""

import pytest

from tests.architecture.checks.exceptions import ALLOWED
from tests.architecture.checks.model_facts import model_facts, writing_manager_methods
from tests.architecture.checks.services import SERVICE, unauthorised_services
from tests.architecture.checks.source import (
    SourceFile,
    not_allowed,
    python_files,
    unused_exceptions,
)
from tests.architecture.checks.writes import WRITE, writes_outside_services

FILES = python_files()
MANAGER_METHODS = writing_manager_methods(FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_only_services_write(file: SourceFile) -> None:
    violations = writes_outside_services(file, model_facts(), MANAGER_METHODS)
    assert not_allowed(violations, ALLOWED) == []


def test_every_service_authorises_its_actor() -> None:
    violations = unauthorised_services(FILES, model_facts(), MANAGER_METHODS)
    assert not_allowed(violations, ALLOWED) == []


def test_every_exception_is_still_needed() -> None:
    violations = [
        *unauthorised_services(FILES, model_facts(), MANAGER_METHODS),
        *(
            violation
            for file in FILES
            for violation in writes_outside_services(file, model_facts(), MANAGER_METHODS)
        ),
    ]
    assert (
        unused_exceptions(
            violations, [exception for exception in ALLOWED if exception.rule in {WRITE, SERVICE}]
        )
        == []
    )
