"""Writes of the models in ``core.models``."""
