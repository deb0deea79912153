"""Plugins of the suite, loaded before Django's settings are."""
