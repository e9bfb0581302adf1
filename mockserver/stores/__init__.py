"""Where rows live: one narrow port, and the backends that pass its contract suite."""
