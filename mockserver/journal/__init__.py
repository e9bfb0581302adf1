"""The journal: the exchanges of a sandbox with their reasons, bounded and without secrets."""
