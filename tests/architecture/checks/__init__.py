"""Checks of the source: each returns the places that break a rule of docs/architecture.md."""
