"""Every write to the models of this app."""
