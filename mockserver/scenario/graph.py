"""Ways between the states of a machine; every question is answered in one walk."""

from collections.abc import Iterable, Mapping, Set

#: From each name to those that one step leads to; a name that nothing leads from may be left out.
Graph = Mapping[str, Set[str]]


def reachable(ways: Graph, entries: Iterable[str], *, but: Set[str] = frozenset()) -> set[str]:
    """All names that the ways lead to from these, these included; what is in `but` is not entered."""
    reached = set(entries) - but
    waiting = list(reached)
    while waiting:
        new = ways.get(waiting.pop(), frozenset()) - reached - but
        reached |= new
        waiting.extend(new)
    return reached


def turned_round(ways: Graph) -> dict[str, set[str]]:
    """The same ways, walked the other way."""
    turned: dict[str, set[str]] = {name: set() for name in ways}
    for name, targets in ways.items():
        for target in targets:
            turned.setdefault(target, set()).add(name)
    return turned


def circles(ways: Graph) -> dict[str, str]:
    """For each name a name of its circle: the same for those, and only those, that lead to one another.

    A name that no circle goes through, not even a step to itself, is left out.
    """
    back = turned_round(ways)
    circle: dict[str, str] = {}
    done: set[str] = set()
    for last in reversed(_by_end(ways)):
        together = reachable(back, {last}, but=done)
        done |= together
        if len(together) > 1 or last in ways.get(last, frozenset()):
            circle.update(dict.fromkeys(together, last))
    return circle


def _by_end(ways: Graph) -> list[str]:
    """Every name, each after all that were first found from it (the first half of Kosaraju's algorithm)."""
    ended: list[str] = []
    seen: set[str] = set()
    for entry in ways:
        if entry in seen:
            continue
        seen.add(entry)
        path = [(entry, iter(ways[entry]))]
        while path:
            name, targets = path[-1]
            target = next((one for one in targets if one not in seen), None)
            if target is None:
                ended.append(name)
                path.pop()
            else:
                seen.add(target)
                path.append((target, iter(ways.get(target, ()))))
    return ended
