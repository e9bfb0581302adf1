"""Counters that keep counting when a request is refused. Clients can cause new names, so there is a bound."""

#: How many counters a sandbox keeps; beyond that, the oldest are forgotten and start again.
MOST_COUNTERS = 100_000


def count_one(counters: dict[str, int], name: str) -> int:
    """Add 1 to the counter of this name and return it; the first number is 1."""
    number = counters.get(name, 0) + 1
    if number == 1:
        while len(counters) >= MOST_COUNTERS:
            del counters[next(iter(counters))]
    counters[name] = number
    return number
