"""Counts that outlive refusals, by name: some names are made of what clients send, so there is a bound."""

#: How many counts a sandbox keeps; beyond, those that began first are forgotten, and begin anew.
MOST_COUNTERS = 100_000


def count_one(counters: dict[str, int], name: str) -> int:
    """Count one more under this name; the number it is, from 1."""
    number = counters.get(name, 0) + 1
    if number == 1:
        while len(counters) >= MOST_COUNTERS:
            del counters[next(iter(counters))]
    counters[name] = number
    return number
