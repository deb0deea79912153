"""The profile page, the language switch, and the replaced pages of Django's admin."""
