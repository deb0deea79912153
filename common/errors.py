"""What a service says when it will not do what it was asked.

Field errors are Django's ``ValidationError``, a missing permission its ``PermissionDenied``, and a
row out of scope the model's ``DoesNotExist``. These are the two that Django has no word for.
"""


class RefusedError(Exception):
    """The change breaks a rule of the business. ``code`` is stable, the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class StaleError(Exception):
    """Somebody else changed the record since it was read; nothing was written."""
