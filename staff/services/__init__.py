"""Every write to staff records."""
