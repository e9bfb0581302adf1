"""The emulated APIs, one folder each. `discovery` finds them, and those of other distributions."""
