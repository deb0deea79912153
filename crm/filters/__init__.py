"""Search, filters and sorting of the customer list, read from the URL's parameters.

``read_query`` turns parameters such as ``?q=bank&grade=A&sort=-changed`` into a ``ListQuery``,
which the view asks for the customers and for the URLs of its links. Columns and filters come from
the customer's declared fields and from the list parts of other apps (``crm.composition``). A value
that the user could not have selected (unknown, or hidden from them) is ignored.
"""

from crm.filters.list_filters import MAX_TEXT_LENGTH, Filter, FilterOption, OptionGroup
from crm.filters.query import ListQuery, read_query

__all__ = [
    "MAX_TEXT_LENGTH",
    "Filter",
    "FilterOption",
    "ListQuery",
    "OptionGroup",
    "read_query",
]
