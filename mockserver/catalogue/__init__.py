"""Facts of the world that several providers sell by: countries and telephone numbers."""
