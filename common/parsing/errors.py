"""The error for a value that cannot be parsed."""


class UnreadableError(ValueError):
    """The value cannot be parsed.

    ``code`` says why and does not change, for example ``not_a_date``. The texts for users are in
    ``core.fields.faults``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
