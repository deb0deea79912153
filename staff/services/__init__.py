"""All writes to users, units, roles and API keys.

Each function authorises its ``actor`` and opens its own audited transaction. The ``save_…``
functions create a record without an id, and with one change only the fields that are passed.
"""
