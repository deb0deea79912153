"""The nightly run, step by step."""
