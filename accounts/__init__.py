"""Users, units, roles, API keys, permissions, scoping of rows, and audited transactions."""
