"""How numbers and dates are written, the same in both languages (Django reads these by name)."""
