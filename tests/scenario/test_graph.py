"""Reachability of states, compared with its definition."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.scenario.graph import cycles, reachable, reversed_graph

NAMES = st.sampled_from("abcdefg")
GRAPHS = st.dictionaries(NAMES, st.frozensets(NAMES, max_size=3), max_size=7).map(
    lambda ways: {
        name: ways.get(name, frozenset()) for name in {*ways, *(one for each in ways.values() for one in each)}
    }
)


def leads(ways: dict[str, frozenset[str]], start: str, end: str) -> bool:
    """Whether one step or more lead from one to the other: by trying all paths."""
    ahead, seen = set(ways[start]), set()
    while ahead:
        name = ahead.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            ahead |= ways[name]
    return False


@given(GRAPHS, st.frozensets(NAMES, max_size=2))
def test_what_is_reachable_is_what_steps_lead_to(ways: dict[str, frozenset[str]], entries: frozenset[str]) -> None:
    wanted = set(entries) | {end for end in ways for start in entries if start in ways and leads(ways, start, end)}
    assert reachable(ways, entries) == wanted


@given(GRAPHS, NAMES, NAMES)
def test_every_step_of_the_reversed_graph_is_reversed(ways: dict[str, frozenset[str]], one: str, other: str) -> None:
    assert (one in ways.get(other, ())) == (other in reversed_graph(ways).get(one, ()))


@given(GRAPHS)
def test_two_names_are_on_one_circle_when_each_leads_to_the_other(ways: dict[str, frozenset[str]]) -> None:
    circle = cycles(ways)
    for one in ways:
        assert (one in circle) == leads(ways, one, one)
        for other in ways:
            if one != other:
                together = one in circle and circle[one] == circle.get(other)
                assert together == (leads(ways, one, other) and leads(ways, other, one))


def test_a_chain_of_thousands_is_walked_without_recursion() -> None:
    ways = {str(number): {str((number + 1) % 5_000)} for number in range(5_000)}
    assert len(set(cycles(ways).values())) == 1
    assert len(cycles(ways)) == 5_000
