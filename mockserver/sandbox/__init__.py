"""Sandboxes and their use cases: accounts, money, stock, orders and time, committed whole or not at all."""
