"""Reads that several pages share or that span models. The first parameter is the user."""
