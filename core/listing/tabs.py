"""The tabs of a list's page: those of its declaration, and the views that users have saved."""

from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.listing.conditions import InvalidConditionsError
from core.listing.declarations import ListTab
from core.listing.query import ListQuery
from core.listing.selection import Problem, UserList
from core.models import SavedView

ALL_ROWS = ListTab("all", gettext_lazy("All"))  # of a list that declares no tabs, beside views
MAX_VIEW_TABS = 5  # more views are in a menu


class ListTabs:
    """The tabs of a list for its user, of which one is current. Takes one query.

    A tab's ``key`` is the value of the address's parameter ``view``: for a view, its id.
    """

    def __init__(self, user_list: UserList, key: str) -> None:
        self._declared = user_list.declaration.tabs
        self._key = key
        # Any, because they have the annotations of ``of_list`` too.
        self.views: list[Any] = list(
            SavedView.objects.visible_to(user_list.user).of_list(
                user_list.declaration.name, user_list.user
            )
        )

    @cached_property
    def declared(self) -> list[ListTab]:
        """The tabs that are no views; empty if there is nothing to choose."""
        has_choice = bool(self.views) or self._key == ALL_ROWS.key
        return list(self._declared) or ([ALL_ROWS] if has_choice else [])

    @cached_property
    def current_view(self) -> Any | None:
        """The current view; None on any other tab."""
        return next((view for view in self.views if str(view.pk) == self._key), None)

    @cached_property
    def current(self) -> ListTab | None:
        """The current tab; the first one for an unknown key. None if there are no tabs."""
        if self.current_view is not None:
            return view_tab(self.current_view)
        named = (tab for tab in self.declared if tab.key == self._key)
        return next(named, self.declared[0] if self.declared else None)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the key."""
        is_known = self.current is not None and self.current.key == self._key
        if is_known or not self._key:
            return []
        return [Problem("view", _("Not found: %s") % self._key)]

    @property
    def default_view(self) -> Any | None:
        """The view that the list opens with; None without one."""
        return next((view for view in self.views if view.is_default), None)

    def is_named_in_address(self, tab: ListTab | None) -> bool:
        """Return whether an address must name the tab, because the list opens with another one."""
        if tab is None:
            return False
        return self.default_view is not None or not self.declared or tab != self.declared[0]


def view_tab(view: SavedView) -> ListTab:
    """Return the tab of a view, whose conditions are in its address."""
    return ListTab(str(view.pk), view.name)


def query_of(view: SavedView) -> ListQuery:
    """Return the view's query; an unrestricted one if this version cannot read it."""
    try:
        return ListQuery.from_json(view.query)
    except InvalidConditionsError:
        return ListQuery()


def is_same_query(one: ListQuery, other: ListQuery) -> bool:
    """Return whether two queries select the same rows in the same order."""
    return (
        one.search == other.search
        and one.sort == other.sort
        and set(one.conditions) == set(other.conditions)
    )
