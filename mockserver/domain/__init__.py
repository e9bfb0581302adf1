"""The words every provider shares: orders, money, moments, mistakes. Standard library only."""
