"""Pages, administration and services of users, units, roles and API keys; signing in."""
