"""Customers and their transactions: pages, API, administration and imports."""
