"""Benchmarks, which print tables: ``python -m benchmarks nightly | import | pages | file``."""
