"""The fast validator and the explaining one agree on all data."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.http.schemas import SchemaStore
from mockserver.resources import bundled

STORE = SchemaStore(bundled("schemas"))
NAMES = [name for name in STORE.all_names() if "/" in name]

NUMBERS = (
    st.integers()
    | st.sampled_from([0, 1, 999, 1000, 6.0, 1.14, 0.3, 1.00001, 10**30, 10**400, 1e300])
    | st.floats()
    | st.decimals(places=4, min_value=-1000, max_value=1000)
    | st.sampled_from([Decimal("6.0"), Decimal("6.5"), Decimal("NaN"), Decimal("Infinity"), Decimal("1E+30")])
    | st.sampled_from([float("nan"), float("inf"), float("-inf")])
)
TEXTS = (
    st.text(st.characters(), max_size=6)
    | st.sampled_from(
        ["", "\0", "\ud800", "wa", "1\n", "x" * 65, "\U0001f600" * 64, "x" * 256, "Waiting", "+79000001234"]
    )
    # Drawn so rather than from a regular expression, which takes ten times as long.
    | st.tuples(st.text("0123456789", min_size=1, max_size=9), st.sampled_from(["", "\n"])).map("".join)
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every container in the data with each of its keys."""
    keys = list(data) if isinstance(data, dict) else list(range(len(data))) if isinstance(data, list) else []
    return [(data, key) for key in keys] + [place for key in keys for place in places(data[key])]


def near(value: Any) -> st.SearchStrategy[Any]:
    """Other values of the same type, which come closer to the limits of a rule than any value does."""
    if isinstance(value, str):
        return TEXTS | st.sampled_from([value + "\n", value + "\0", value + "\ud800", "\n" + value, value * 20])
    return NUMBERS if isinstance(value, int | float) else VALUES


@st.composite
def mutated(draw: st.DrawFn, examples: list[Any]) -> Any:
    """An example with up to three values replaced, left out or added."""
    data = copy.deepcopy(draw(st.sampled_from(examples)))
    for _ in range(draw(st.integers(0, 3))):
        found = places(data)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        what = draw(st.sampled_from(["move", "move", "replace", "remove", "add"]))
        if what == "move":
            container[key] = draw(near(container[key]))
        elif what == "replace":
            container[key] = draw(VALUES)
        elif what == "remove":
            del container[key]
        elif isinstance(container, dict):
            container[draw(TEXTS)] = draw(VALUES)
    return data


def judged(name: str, body: Any) -> None:
    """Raises AssertionError where the two do not agree, or where normalised data is judged otherwise."""
    checker = STORE.checker(name)
    errors = checker.explain(body)
    accepted = checker.accepts(body)
    assert accepted is not bool(errors), (name, errors)
    assert all(text.startswith("The ") and text.endswith(".") for texts in errors.values() for text in texts), name
    if accepted:
        assert checker.check(checker.normalise(body)) == {}, name


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30)
@given(data=st.data())
@pytest.mark.slow
def test_both_validators_agree_on_what_is_nearly_valid(name: str, data: st.DataObject) -> None:
    judged(name, data.draw(mutated(STORE.load(name)["examples"])))


@settings(max_examples=120)
@given(VALUES)
@pytest.mark.slow
def test_both_validators_agree_on_any_value_in_every_schema(value: Any) -> None:
    for name in NAMES:
        judged(name, value)
