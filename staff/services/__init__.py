"""All writes to users, units, roles and API keys."""
