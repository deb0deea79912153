"""Parsing amounts and dates, in Chinese and international notation."""
