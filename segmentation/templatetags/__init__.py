"""Template tags of worth and risk."""
