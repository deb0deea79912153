"""Notices of users: their kinds, and their texts in the reader's language (docs/adr/0020)."""
