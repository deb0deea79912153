"""Fields of records, each declared once.

``kinds`` says what kinds of value there are, ``declarations`` what a declared field is, and
``custom`` makes declarations of the rows an administrator enters. The other modules turn a
declaration into a form field, a filter, text for people or a cell of a file;
``core.api.record_fields`` turns it into JSON. Each entry point walks the declarations in a loop.
"""
