"""Webhooks: what is to be sent, where it may go, and what came of it."""
