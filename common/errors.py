"""The errors of writing services for which Django has no exception; views and the API show them.

Services also raise Django's ``ValidationError`` for wrong fields, its ``PermissionDenied`` for a
missing permission, and the model's ``DoesNotExist`` for a row that the user may not see.
"""


class RefusedError(Exception):
    """The change breaks a business rule.

    ``code`` is for programs and does not change, for example ``run_active``. ``message`` is one
    line for the user.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class StaleError(Exception):
    """The record has changed since it was read, so the new version was not written.

    Users send back the version that they read: a form in a hidden field, an API client in the
    header If-Match.
    """
