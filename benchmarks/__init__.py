"""Benchmarks that print tables; ``__main__`` runs them, docs/performance.md has their results."""
