"""``manage.py open_account``, which creates the first user."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from accounts.models import User
from tests.history import fixture_changes

GETPASS = "staff.management.commands.open_account.getpass"


def _open_account(monkeypatch: pytest.MonkeyPatch, password: str, *options: str) -> str:
    """Run the command for the user ``chief``, who types the password; return its output."""
    monkeypatch.setattr(GETPASS, lambda prompt: password)
    output = StringIO()
    call_command("open_account", "chief", "--name", "Chief", *options, stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_opened_account_can_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    _open_account(monkeypatch, "a-Long-enough-1")
    response = Client().post("/login/", {"login": "CHIEF", "password": "a-Long-enough-1"})
    assert response.status_code == 302
    assert User.objects.get(employee_number="chief").role.code == "system_administrator"


@pytest.mark.django_db
def test_weak_password_is_refused_with_a_message_and_creates_no_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(CommandError, match=r"(?i)too short|太短|至少"):
        _open_account(monkeypatch, "short")
    assert not User.objects.filter(employee_number="chief").exists()


@pytest.mark.django_db
def test_unknown_role_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError):
        _open_account(monkeypatch, "a-Long-enough-1", "--role", "nobody")


@pytest.mark.django_db
def test_service_account_cannot_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with translation.override("en"):
        output = _open_account(monkeypatch, "unused", "--service")
    assert not User.objects.get(employee_number="chief").has_usable_password()
    assert "no password; give it a key" in output
    assert "can sign in" not in output


@pytest.mark.django_db
def test_closed_scheduler_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with fixture_changes():
        User.objects.filter(employee_number="scheduler").update(is_active=False)
    with pytest.raises(CommandError, match=r"^[^\n]*scheduler[^\n]*$"):
        _open_account(monkeypatch, "a-Long-enough-1")
