"""Facts of the world that several providers use: countries, telephone numbers, verification codes."""
