"""Parsing amounts and dates as people and spreadsheets write them, Chinese or international.

Forms, filters, the API and imports use it through ``core.fields``; imports also use it directly.
"""
