"""Declared fields of records: each field is declared once, and every entry point reads that.

``kinds`` has the kinds of value, ``declarations`` the declaration of a field, ``custom`` the custom
fields an administrator adds, and ``record_types`` the records with declared fields. ``forms`` turns
a declaration into a form field, ``queries`` into conditions and sort expressions,
``core.api.record_fields`` into a serializer field.
"""
