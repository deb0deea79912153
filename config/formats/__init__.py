"""Formats of numbers and dates, the same in both languages. Django imports them by language."""
