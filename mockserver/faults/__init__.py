"""Faults: which requests and deliveries go wrong, and how. `wire_kinds` is the one table of kinds on the wire."""
