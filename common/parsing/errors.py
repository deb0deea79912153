"""The error for a value that cannot be parsed."""


class UnreadableError(ValueError):
    """The value cannot be parsed; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
