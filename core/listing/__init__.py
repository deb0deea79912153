"""Lists declared once: columns, filters, sorting and search of a page, the API and exports.

A ``ListDeclaration`` (``declarations``) says what a list of one model offers. A ``ListQuery``
(``query``) is one selection of it: search text, conditions, order. It is read from the address of
a page or an API request and written back to it, or to JSON to be stored. ``paging`` reads one page
of its rows.
"""
