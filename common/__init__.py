"""Leaf helpers: no models, no imports from the apps."""
