"""Measurements, printed as tables: ``python -m benchmarks nightly | import | pages | file``."""
