"""People and what they may do: users, units, roles, keys, permissions, scoping, acting."""
