"""What happened, and why: one bounded journal per sandbox, without secrets."""
