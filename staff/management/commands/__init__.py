"""Management commands of staff."""
