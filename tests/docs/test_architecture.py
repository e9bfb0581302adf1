"""docs/architecture.md: its sequences of calls are right, and the files and texts that it names exist."""

import re
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import pytest

from tests.docs.pages import TOP, read
from tests.support import World, running

PAGE = "docs/architecture.md"
REQUESTS = 21


def table(anchor: str) -> list[list[str]]:
    """The rows below an anchor; a cell that is code alone is without its backticks."""
    text = read(PAGE).partition(f'<a id="{anchor}"></a>')[2].strip().partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()[2:]]
    return [[re.sub(r"\A`([^`]*)`\Z", r"\1", cell) for cell in row] for row in rows]


Call = tuple[str, str]


async def followed(act: Callable[[], Awaitable[Any]]) -> list[Call]:
    """File and name of every function of the package that is called meanwhile, in order."""
    called: list[Call] = []
    package = f"{TOP / 'mockserver'}/"

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(package):
            called.append((frame.f_code.co_filename.removeprefix(f"{TOP}/"), frame.f_code.co_name))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        await act()
    finally:
        sys.setprofile(before)
    return called


def first_missing(walk: list[Call], called: list[Call]) -> Call | None:
    """The first stop that is not called after the ones before it."""
    rest = iter(called)
    return next((stop for stop in walk if stop not in rest), None)


async def bought(world: World) -> str:
    made = await world.buy()
    return str(made["activation_id"])


@pytest.mark.anyio
async def test_a_purchase_walks_as_the_page_says() -> None:
    walk = [(row[0], row[1]) for row in table("purchase")]
    async with running() as world:
        await bought(world)
        price = await world.price()
        body = {"country": 6, "service": "wa", "price": price}
        called = await followed(lambda: world.daisy("POST", "/purchase", body))
    assert len(walk) > 15
    assert first_missing(walk, called) is None
    assert first_missing(walk[::-1], called) is not None


@pytest.mark.anyio
async def test_a_timer_walks_as_the_page_says() -> None:
    walk = [(row[0], row[1]) for row in table("timer")]
    async with running() as world:
        # Nobody listens at the port of the discard protocol: the attempt fails, which is a walk as good as any.
        await world.steer("PATCH", "/accounts/daisysim/demo", {"webhook_url": "http://127.0.0.1:9/hook"})
        await bought(world)
        called = await followed(lambda: world.steer("POST", "/clock/advance", {"by": "8s"}))
    assert len(walk) > 15
    assert first_missing(walk, called) is None


def test_every_change_has_one_file_that_has_what_to_look_for() -> None:
    rows = table("changes")
    assert len(rows) == REQUESTS
    for request, file, text in rows:
        assert text in (TOP / file).read_text(encoding="utf-8"), f"{request}: {file} has no {text}"


@pytest.mark.parametrize("page", [PAGE, "CONTRIBUTING.md", "docs/index.md"])
def test_every_file_and_folder_that_is_named_exists(page: str) -> None:
    named = re.findall(r"`((?:mockserver|scenarios|schemas|tests|docs|benchmarks|examples|\.ci)/[^`\s*]*)`", read(page))
    assert [path for path in named if not (TOP / path).exists()] == []
    assert page != PAGE or len(named) > 50


def test_every_folder_of_the_package_has_its_layer() -> None:
    text = read(PAGE).partition("## The layers")[2].partition("\n## ")[0]
    folders = [
        path.name for path in (TOP / "mockserver").iterdir() if path.is_dir() and (path / "__init__.py").exists()
    ]
    assert [name for name in folders if f"`mockserver/{name}/`" not in text] == []


def test_the_glossary_is_alphabetical_and_has_one_line_for_each_term() -> None:
    lines = read("docs/glossary.md").partition("\n- ")[2].splitlines()
    names = [re.match(r"(?:- )?\*\*([A-Za-z_ ]+)\*\*: .+\.\Z", line) for line in lines]
    assert [line for line, name in zip(lines, names, strict=True) if name is None] == []
    terms = [name[1].lower() for name in names if name is not None]
    assert terms == sorted(set(terms))
