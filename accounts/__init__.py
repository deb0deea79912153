"""Users, units, roles and API keys; permissions, visibility of rows, and audited transactions.

The pages and services that change these records are in ``staff``.
"""
