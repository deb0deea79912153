"""How a value is refused."""


class UnreadableError(ValueError):
    """A value cannot be read; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
