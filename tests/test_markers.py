"""Tests marked `full` or `programs` run only on demand."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import pytest_collection_modifyitems


def chosen(asked: str, **marks: set[str]) -> list[str]:
    """The names of those that run when `-m` says this; each is given with its marks."""
    items: list[Any] = [SimpleNamespace(name=name, get_closest_marker=had.__contains__) for name, had in marks.items()]
    dropped: list[Any] = []
    config: Any = SimpleNamespace(
        getoption=lambda name: asked,
        hook=SimpleNamespace(pytest_deselected=lambda items: dropped.extend(items)),
    )
    # pytest's own markers are objects; whether there is one is all that is asked.
    pytest_collection_modifyitems(config, items)
    assert len(items) + len(dropped) == len(marks)
    return [item.name for item in items]


@pytest.mark.parametrize(
    ("asked", "names"),
    [("", ["a", "c"]), ("not slow", ["a", "c"]), ("full", ["a", "b", "c"]), ("programs", ["a", "c", "d"])],
)
def test_what_takes_minutes_is_left_out_unless_it_is_asked_for(asked: str, names: list[str]) -> None:
    assert chosen(asked, a=set(), b={"full", "slow"}, c={"timed"}, d={"programs"}) == names
