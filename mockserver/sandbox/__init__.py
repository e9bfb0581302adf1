"""The use cases: a world of its own with accounts, money, stock, orders and time, committed whole or not at all."""
