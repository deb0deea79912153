"""Management commands of scoring."""
