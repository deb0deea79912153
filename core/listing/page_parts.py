"""What the templates of a list's page show besides its rows: headers, tabs, filters, cells."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from core.listing.declarations import ListColumn
from core.listing.filters import OptionGroup


@dataclass(frozen=True)
class Header:
    """A column's header: the address that sorts by it, or reverses the order; blank if none."""

    label: str | Promise
    url: str = ""
    direction: str = ""  # for aria-sort; blank if the list is not sorted by the column
    is_numeric: bool = False


@dataclass(frozen=True)
class TabLink:
    """A link to a tab, with the filters of the address."""

    label: str | Promise
    url: str
    is_current: bool


@dataclass(frozen=True)
class ActiveFilter:
    """A condition in words, and the address of the list without it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True)
class FilterLink:
    """An option in a filter's menu: a link that selects it, or deselects it if it is selected."""

    label: str | Promise
    url: str
    is_selected: bool


@dataclass(frozen=True)
class FilterControl:
    """A filter as the page shows it: a menu of ``links``, a select of ``groups``, or an input.

    ``hidden_values`` are sent with the form beside what the control itself sends.
    """

    key: str
    label: str | Promise
    value: str = ""
    is_used: bool = False
    links: Sequence[FilterLink] = ()
    groups: Sequence[OptionGroup] = ()
    options_url: str = ""
    hidden_values: Sequence[str] = ()

    @property
    def is_input(self) -> bool:
        """Whether values are typed."""
        return not self.links and not self.groups


@dataclass(frozen=True)
class Cell:
    """A cell of a row."""

    column: ListColumn
    text: str
