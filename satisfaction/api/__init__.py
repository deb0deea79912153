"""REST API; there is none yet."""
