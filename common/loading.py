"""Objects that settings name by their dotted paths."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from django.utils.module_loading import import_string


class _Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)


def import_by_name(paths: Iterable[str], expected: type[T]) -> dict[str, T]:
    """Return the objects at the paths, by their attribute ``name``.

    Raises ImportError for a wrong path, TypeError for an object of another class.
    """
    found: dict[str, T] = {}
    for path in paths:
        declared = import_string(path)
        if not isinstance(declared, expected):
            raise TypeError(f"{path} is no {expected.__name__}")
        found[declared.name] = declared
    return found
