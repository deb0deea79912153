"""Helpers that several apps share: files, parsing, COPY, money, history, errors.

It has no models and imports nothing from the other apps.
"""
