"""A graph of names and the steps between them, such as states and transitions; each function walks it once."""

from collections.abc import Iterable, Mapping, Set

#: Each name with the names that one step leads to; a name without steps from it may be left out.
Graph = Mapping[str, Set[str]]


def reachable(ways: Graph, entries: Iterable[str], *, but: Set[str] = frozenset()) -> set[str]:
    """Return all names that can be reached from `entries`, which are included; names in `but` are not entered."""
    reached = set(entries) - but
    queue = list(reached)
    while queue:
        new = ways.get(queue.pop(), frozenset()) - reached - but
        reached |= new
        queue.extend(new)
    return reached


def reversed_graph(ways: Graph) -> dict[str, set[str]]:
    """Return the graph with every step reversed."""
    backward: dict[str, set[str]] = {name: set() for name in ways}
    for name, targets in ways.items():
        for target in targets:
            backward.setdefault(target, set()).add(name)
    return backward


def cycles(ways: Graph) -> dict[str, str]:
    """Return for each name on a cycle one name that stands for its group: all names that lead to one another.

    A name on no cycle, not even with a step to itself, is left out.

    >>> cycles({"a": {"b"}, "b": {"a", "c"}, "c": set()}) in ({"a": "a", "b": "a"}, {"a": "b", "b": "b"})
    True
    """
    back = reversed_graph(ways)
    cycle_of: dict[str, str] = {}
    assigned: set[str] = set()
    for last in reversed(_by_end(ways)):
        members = reachable(back, {last}, but=assigned)
        assigned |= members
        if len(members) > 1 or last in ways.get(last, frozenset()):
            cycle_of.update(dict.fromkeys(members, last))
    return cycle_of


def _by_end(ways: Graph) -> list[str]:
    """Return every name, each after all names that were first reached from it (Kosaraju's algorithm, first half)."""
    finished: list[str] = []
    visited: set[str] = set()
    for entry in ways:
        if entry in visited:
            continue
        visited.add(entry)
        path = [(entry, iter(ways[entry]))]
        while path:
            name, targets = path[-1]
            target = next((candidate for candidate in targets if candidate not in visited), None)
            if target is None:
                finished.append(name)
                path.pop()
            else:
                visited.add(target)
                path.append((target, iter(ways.get(target, ()))))
    return finished
