"""Scenarios: life cycles, rules, faults, accounts and magic values as YAML data."""
