"""The pages and writes of staff records: users, units, roles, keys; and signing in."""
