"""Requesting and executing scoring runs."""
