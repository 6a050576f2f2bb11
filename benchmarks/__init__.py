"""Benchmarks of the running service. Not tests: their figures depend on the machine. README.md has results."""
