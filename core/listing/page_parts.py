"""What the templates of a list's page show besides its rows: headers, tabs, filters, cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from accounts.models import User
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
    """A link to a tab, with the filters of the address or, for a saved view, with its own."""

    label: str | Promise
    url: str
    is_current: bool
    is_view: bool = False


@dataclass(frozen=True)
class EditLink:
    """An edit of the selected rows: the label of the field, and the address of its form."""

    label: str
    url: str


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
class LimitInput:
    """The input of the lowest or highest value of a filter."""

    name: str
    label: str | Promise
    value: str
    is_date: bool


@dataclass(frozen=True)
class FilterControl:
    """A filter as the page shows it.

    It is a menu of ``links`` and ``limits``, a select of ``groups``, or an input.
    ``hidden_values`` are sent with the form beside what the control itself sends.
    """

    key: str
    label: str | Promise
    value: str = ""
    is_used: bool = False
    is_on_demand: bool = False
    links: Sequence[FilterLink] = ()
    limits: Sequence[LimitInput] = ()
    groups: Sequence[OptionGroup] = ()
    options_url: str = ""
    hidden_values: Sequence[str] = ()

    @property
    def is_menu(self) -> bool:
        """Whether it opens a menu."""
        return bool(self.links or self.limits)

    @property
    def is_input(self) -> bool:
        """Whether it is one input, in which a value is typed."""
        return not self.is_menu and not self.groups

    @property
    def names(self) -> set[str]:
        """The parameters that it sends."""
        return {self.key, *(limit.name for limit in self.limits)}


@dataclass(frozen=True)
class Cell:
    """A cell of a row."""

    column: ListColumn
    row: Any
    user: User

    @property
    def text(self) -> str:
        """The text of the cell. The template of a column may show something else."""
        return self.column.text_of(self.row, self.user)
