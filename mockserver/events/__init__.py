"""What happens on a server, as a stream of events that readers follow while it happens."""
