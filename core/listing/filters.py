"""The filters a list can have.

A filter has one or more comparisons. Each is a parameter of the address: the filter's key, and
behind ``__`` the comparison's suffix, for example ``grade`` (one of the values), ``grade__not``
(none of them), ``updated_at__gte``, ``updated_at__period``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Q
from django.db.models.lookups import Lookup
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User

MAX_VALUE_LENGTH = 200
# The option for records without a value, of filters by choice and by related record.
NO_VALUE = "none"

Predicate = Q | Exists | Lookup[Any]


@dataclass(frozen=True)
class Comparison:
    """One way to compare.

    ``parse`` returns the value of a text or raises UnreadableError. ``condition`` returns the
    condition for the user and the parsed values, of which there are several only if the comparison
    ``is_multiple``. ``label`` stands before the value where the condition is named in words, such
    as "from" in "from 1,000". ``format`` returns the words for a value.
    """

    suffix: str
    parse: Callable[[str], Any]
    condition: Callable[[User, Sequence[Any]], Predicate]
    label: str | Promise = ""
    is_multiple: bool = False
    format: Callable[[Any], str] = str

    def parameter(self, key: str) -> str:
        """Return the name of the parameter for a filter's key."""
        return f"{key}__{self.suffix}" if self.suffix else key


@dataclass(frozen=True)
class FilterOption:
    """An option that a page offers; ``level`` is its depth in a tree."""

    value: str
    label: str | Promise
    level: int = 0

    @property
    def indent(self) -> str:
        """White space in front of the label, for a select, which cannot be styled."""
        return "\u2003" * self.level


@dataclass(frozen=True)
class OptionGroup:
    """Options under a heading; without a heading if the label is blank."""

    label: str | Promise
    options: Sequence[FilterOption]


def option_group(
    choices: Iterable[tuple[str, str | Promise]], label: str | Promise = ""
) -> OptionGroup:
    """Return the options of (value, label) pairs."""
    return OptionGroup(label, [FilterOption(value, text) for value, text in choices])


@dataclass(frozen=True)
class ListFilter:
    """A filter of a list.

    ``option_groups`` returns the options that a page offers the user; None if values are typed.
    If there are too many to offer, ``search`` returns the first options that match a text, and
    ``labels_of`` the labels of selected values. The conditions need the annotations of the list
    part ``part_slug``, if there is one. The page has a control for the comparison with the suffix
    ``offered_suffix``, or for both limits of a range. If the filter is not ``is_offered``, it has
    one only while it is used; if it ``is_on_demand``, the page shows the control of an unused one
    when the user asks for more filters.
    """

    key: str
    label: str | Promise
    comparisons: Sequence[Comparison]
    option_groups: Callable[[User], Sequence[OptionGroup]] | None = None
    labels_of: Callable[[User, Sequence[str]], dict[str, str]] | None = None
    search: Callable[[User, str], Sequence[FilterOption]] | None = None
    part_slug: str = ""
    is_offered: bool = True
    is_on_demand: bool = False
    offered_suffix: str = ""

    @property
    def offered_parameter(self) -> str:
        """The parameter of the comparison that the page offers."""
        return self.parameter(self.offered_suffix)

    def parameter(self, suffix: str) -> str:
        """Return the parameter of the comparison with this suffix."""
        return f"{self.key}__{suffix}" if suffix else self.key

    @property
    def limits(self) -> list[Comparison]:
        """The comparisons with a lowest and a highest value, of which a page offers both."""
        return [each for each in self.comparisons if each.suffix in {"gte", "lte"}]

    @property
    def has_control(self) -> bool:
        """Whether a page can offer it."""
        suffixes = {comparison.suffix for comparison in self.comparisons}
        return bool(self.limits) or self.offered_suffix in suffixes

    def comparisons_by_parameter(self) -> dict[str, Comparison]:
        """Return the comparisons by the names of their parameters."""
        return {each.parameter(self.key): each for each in self.comparisons}


YES_NO_CHOICES = (("true", _("Yes")), ("false", _("No")))
