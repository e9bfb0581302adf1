"""What the documentation names exists: pages, anchors, control paths and bodies, settings, flags, credentials."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import config
from mockserver.cli import program
from mockserver.control.app import OPERATIONS
from mockserver.control.operation import Operation
from mockserver.http.checking import Checker
from mockserver.resources import bundled
from mockserver.sandbox.settings import COMMON, SettingsTable
from mockserver.scenario.library import Library
from tests.docs.pages import TOP, pages, read
from tests.served import PROVIDERS

SETTINGS = SettingsTable((*COMMON, *(row for provider in PROVIDERS for row in provider.settings)))
NAMES = [provider.name for provider in PROVIDERS]


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)


def codes(page: str) -> list[str]:
    """What stands between backticks, each in one line."""
    return [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", prose(page))]


def links(page: str) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(page: str) -> set[str]:
    """The anchors of a page: those written out, and those that a heading gets."""
    text = prose(page)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_somewhere(page: str) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = ((TOP / page).parent / path).resolve() if path else TOP / page
        assert file.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(str(file.relative_to(TOP))), f"{page}: {target}"


def test_the_index_leads_to_every_page() -> None:
    found = {((TOP / "docs") / target.partition("#")[0]).resolve() for target in links("docs/index.md")}
    missing = [page for page in pages() if (TOP / page).resolve() not in found and page != "docs/index.md"]
    assert missing == []


def operation(method: str, path: str) -> Operation | None:
    """The operation of a path in which words in capitals stand for anything."""
    bare = path.removeprefix("/_mock").partition("?")[0]
    for one in OPERATIONS:
        pattern = re.sub(r"\\\{\w+(:rest)?\\\}", "[^/]+", re.escape(one.path))
        if one.method == method and re.fullmatch(pattern, bare):
            return one
    return None


def control_calls(page: str) -> Iterator[tuple[str, str, str | None]]:
    """Method, path and body of each `METHOD /_mock/...` in the prose, with the JSON that follows it, if any."""
    text = " ".join(prose(page).split())
    pattern = r"`(GET|POST|PUT|PATCH|DELETE) (/_mock[^` ]*)`(?: `([{\[][^`]*)`)?"
    for found in re.finditer(pattern, text):
        yield found[1], found[2], found[3]


@pytest.mark.parametrize("page", pages())
def test_every_control_call_is_one_that_the_server_takes(page: str) -> None:
    for method, path, body in control_calls(page):
        found = operation(method, path)
        assert found is not None, f"{page}: {method} {path}"
        if body is None:
            continue
        data = json.loads(body)
        if found.takes is not None:
            assert Checker(dict(found.takes)).check(data) == {}, f"{page}: {method} {path} {body}"
        if found.path == "/settings":
            assert [SETTINGS.problem(name, value) for name, value in data.items()] == [None] * len(data)


@pytest.mark.parametrize("page", pages())
def test_every_setting_exists(page: str) -> None:
    for code in codes(page):
        if re.fullmatch(rf"({'|'.join(NAMES)})\.[a-z_]+", code):
            assert code in SETTINGS.values, f"{page}: {code}"


def flags() -> set[str]:
    """Every flag of every command."""
    known = {config.flag_of(name) for name, _, _ in config.table()} | {"--help", "--version"}
    commands = [program, *program.commands.values()]
    for command in commands:
        commands += getattr(command, "commands", {}).values()
        known |= {name for option in command.params for name in option.opts}
    return known


@pytest.mark.parametrize("page", [page for page in pages() if page not in ("CONTRIBUTING.md",)])
def test_every_flag_exists(page: str) -> None:
    used = {flag for code in codes(page) for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)}
    assert used - flags() == set()


def accounts() -> list[Any]:
    library = Library.of_providers([bundled("scenarios")], providers=NAMES)
    found = [
        (name, seed.id, tuple(seed.credentials.values())) for name in NAMES for seed in library.default(name).accounts
    ]
    return [pytest.param(*one, id=f"{one[0]} {one[1]}") for one in found]


@pytest.mark.parametrize(("provider", "account", "credentials"), accounts())
def test_every_account_is_in_the_table_of_its_provider(
    provider: str, account: str, credentials: tuple[str, ...]
) -> None:
    page = read(f"docs/{provider.replace('_', '-')}.md")
    table = page.partition("## Credentials")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    written = (":" if provider == "doctorsim_v2" else "` / `").join(credentials)
    assert any(f"`{written}`" in row for row in rows), f"{account}: {written}"


def test_the_checks_would_notice() -> None:
    assert operation("POST", "/_mock/orders/daisysim/ID/events") is not None
    assert operation("POST", "/_mock/orders/daisysim/ID/event") is None
    assert operation("PUT", "/_mock/faults") is None
    assert len(list(control_calls("docs/time.md"))) > 5
    assert "--nonsense" not in flags()
    assert "the-life-of-an-order" in anchors("docs/doctorsim-v2.md")
    assert Path(TOP / "docs" / "index.md").exists()
