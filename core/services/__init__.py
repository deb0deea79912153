"""Writes of records that belong to no business noun."""
