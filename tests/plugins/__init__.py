"""pytest plugins, which are loaded before Django's settings."""
