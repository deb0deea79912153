"""The errors of services for which Django has no exception.

Services also raise Django's ``ValidationError`` for wrong fields, its ``PermissionDenied`` for a
missing permission, and the model's ``DoesNotExist`` for a row that the user may not see.
"""


class RefusedError(Exception):
    """The change breaks a business rule. ``code`` is for programs, ``message`` for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class StaleError(Exception):
    """Another user has changed the record since it was read. Nothing was written."""
