"""Scenarios: life cycles, rules, accounts and magic values as YAML data."""
