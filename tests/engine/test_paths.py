"""Path patterns: what they match, and that no path makes them slow."""

import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.paths import LONGEST, MOST_MIXED, compile_path
from tests.costs import MOST_GROWTH, MOST_STICKS, growth, sticks

#: The longest path that a server lets through.
LONGEST_PATH = 65_536


@pytest.mark.parametrize(
    ("pattern", "stands_for", "not_for"),
    [
        ("/purchase", ["/purchase"], ["/purchase/", "/purchases", "/a/purchase", "", "purchase"]),
        ("purchase", ["/purchase"], ["purchase"]),
        ("/", ["/"], ["", "//", "/a"]),
        ("/check/*", ["/check/1", "/check/a b\n"], ["/check/", "/check", "/check/1/2"]),
        ("/check/ACT-*", ["/check/ACT-1"], ["/check/ACT-", "/check/ACT"]),
        ("/a*b*c", ["/axbxc", "/aabbccc", "/axbxbxc"], ["/abc", "/axbc", "/abxc", "/axb/xc"]),
        ("/*a", ["/aa", "/ba"], ["/a", "/ab"]),
        ("/**", ["", "/", "/a", "/a/b", "//"], []),
        ("/a/**", ["/a", "/a/", "/a/b/c"], ["/ab", "/b/a"]),
        ("/**/z", ["/z", "/a/z", "/z/z"], ["/z/a", "/", ""]),
        ("/a/**/b/**/c", ["/a/b/c", "/a/x/b/y/c", "/a/b/b/c/c"], ["/a/c", "/a/c/b"]),
        ("/**/**", ["", "/a/b"], []),
        ("/a//b", ["/a//b"], ["/a/b", "/a/x/b"]),
        ("/***", ["/abc", "/abcd"], ["/ab", "/a/bc"]),
        ("/a.b", ["/a.b"], ["/axb"]),
    ],
)
def test_a_pattern_stands_for_whole_paths(pattern: str, stands_for: list[str], not_for: list[str]) -> None:
    compiled = compile_path(pattern)
    assert [path for path in (*stands_for, *not_for) if compiled.match(path)] == stands_for


def _as_expression(pattern: str) -> re.Pattern[str]:
    """The same language, told by a regular expression that goes back where it must."""
    parts = [
        "(?:/.*)?" if part == "**" else "/" + "[^/]+".join(map(re.escape, part.split("*")))
        for part in pattern.removeprefix("/").split("/")
    ]
    return re.compile("".join(parts), re.DOTALL)


@given(
    st.lists(st.sampled_from(["a", "b", "*", "**", "a*", "*b", "a*b", "*a*", ""]), max_size=5).filter(
        lambda parts: sum("*" in part and part not in ("*", "**") for part in parts) <= MOST_MIXED
    ),
    st.lists(st.text("ab", max_size=4), max_size=6),
)
def test_it_is_the_language_that_a_regular_expression_tells(pattern: list[str], path: list[str]) -> None:
    written, asked = "/" + "/".join(pattern), "".join(f"/{one}" for one in path)
    assert compile_path(written).match(asked) is (_as_expression(written).fullmatch(asked) is not None)


@pytest.mark.timed
@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/**/**/**/**/**/zzz", "/a" * 150),
        ("/**/**/**/**/**/zzz", "/a" * (LONGEST_PATH // 2)),
        ("/" + "*a" * 12 + "b", "/" + "a" * 40),
        ("/" + "*a" * 400 + "b", "/" + "a" * LONGEST_PATH),
        ("/**/a" * 190 + "/b", "/a" * (LONGEST_PATH // 2)),
        ("/**/*" * 190 + "/b", "/" * LONGEST_PATH),
        ("/**" + "/**/*a*a*b" * MOST_MIXED, "".join(f"/{number:05x}" for number in range(LONGEST_PATH // 6))),
    ],
    ids=lambda text: text[:24],
)
def test_no_path_takes_long(pattern: str, path: str) -> None:
    compiled = compile_path(pattern)
    assert not compiled.match(path)
    assert sticks(partial(compiled.match, path)) < MOST_STICKS
    assert growth(partial(compiled.match, path), partial(compiled.match, path[: len(path) // 8])) < MOST_GROWTH


@pytest.mark.parametrize("pattern", ["/" + "a" * LONGEST, "/a*" * (MOST_MIXED + 1)])
def test_a_pattern_that_could_take_long_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="at most"):
        compile_path(pattern)
