"""The values that all providers share: orders, accounts, money, moments, errors. Standard library only."""
