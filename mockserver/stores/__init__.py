"""Stores of rows: one narrow port, and the backends that pass its contract tests."""
