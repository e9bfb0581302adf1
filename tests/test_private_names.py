"""Tests use public names only. Linters check most uses; these tests check imports and names in texts."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
#: What takes a name as a text.
BY_NAME = ("setattr", "getattr", "delattr", "hasattr")


def is_private(name: object) -> bool:
    """Whether the last part of a dotted name is private; Python's own `__names__` are not."""
    last = str(name).rpartition(".")[2]
    return last.startswith("_") and not last.startswith("__") and last.isidentifier() and last != "_"


def reached(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every private name that is imported from the package, or named where an attribute is read or replaced."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str() as module, names=names) if module.split(".")[0] == "mockserver":
                yield from ((node.lineno, one.name) for one in names if is_private(one.name))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in BY_NAME:
                texts = [one.value for one in args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                yield from ((node.lineno, text) for text in texts if is_private(text))


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("from mockserver.app import App, _Inner", ["_Inner"]),
        ("from elsewhere import _inner", []),
        ("patched.setattr(app, '_inner', None)", ["_inner"]),
        ("patched.setattr('mockserver.app._inner', None)", ["mockserver.app._inner"]),
        ("getattr(app, '_inner')", ["_inner"]),
        ("getattr(app, '__name__')", []),
        ("getattr(app, name)", []),
    ],
)
def test_a_name_that_reaches_inside_is_seen(code: str, names: list[str]) -> None:
    assert [name for _, name in reached(ast.parse(code))] == names


def test_no_test_reaches_inside_the_package() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}: {name}"
        for path in sorted(TESTS.rglob("*.py"))
        if "vendor" not in path.parts
        for line, name in reached(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []
