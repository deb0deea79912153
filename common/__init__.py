"""Helpers without models. They import nothing from the apps."""
