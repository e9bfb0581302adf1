"""Webhooks: notices to send, the targets that they may go to, and the outcomes of attempts."""
