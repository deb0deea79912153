"""Complaints: they are opened, commented on, closed and reopened."""
