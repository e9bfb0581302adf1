"""The how-tos (`<!-- howto: NAME -->`) do what they say, on any server and repeatedly, and stop at a failing step."""

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.config import Settings
from mockserver.providers.sources import provider_names
from mockserver.server import LiveServer
from tests.docs.pages import ADDRESS, Block, blocks, marked, pages
from tests.docs.running import run

TOKEN = "a-token-of-the-tests"
HOWTOS = [block for page in pages() for block in blocks(page) if block.word == "howto"]


@pytest.fixture(scope="module")
def guarded() -> Iterator[LiveServer]:
    """A server as the image starts it: it listens on all addresses, and its control API asks for a token."""
    settings = Settings(host="0.0.0.0", token=TOKEN)
    with LiveServer(create_app(settings), host=settings.host) as server:
        yield server


def reached(server: LiveServer) -> str:
    """The address of a server as a program of this machine calls it."""
    return f"http://127.0.0.1:{server.port}"


def text_of(block: Block, url: str) -> str:
    return block.text.replace(ADDRESS, url)


def expected(block: Block) -> str:
    """The block that follows a how-to is what it prints."""
    _, output = marked("howto", block.rest, 2)
    assert output.language == "text"
    return output.text


def test_the_programs_that_the_how_tos_use_are_here() -> None:
    assert shutil.which("sh")
    assert shutil.which("curl")


def test_each_provider_has_a_how_to_on_a_page_of_its_own() -> None:
    found = {block.rest: block.page for block in HOWTOS if block.page != "README.md"}
    for provider in provider_names():
        assert found[provider] == f"docs/{provider.replace('_', '-')}.md"


def test_the_readme_has_one_how_to() -> None:
    assert [block.page for block in HOWTOS].count("README.md") == 1


def test_each_how_to_has_a_sandbox_of_its_own() -> None:
    names = [name for block in HOWTOS for name in set(re.findall(r"/~([a-z0-9_-]+)", block.text))]
    assert sorted(names) == sorted(set(names))
    assert len(names) == len(HOWTOS)


@pytest.mark.parametrize("block", HOWTOS, ids=lambda block: block.rest)
def test_a_how_to_has_no_comments_which_zsh_refuses_when_they_are_pasted(block: Block) -> None:
    assert re.search(r"(?m)^\s*#|\s#\s", block.text) is None


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
@pytest.mark.parametrize("block", HOWTOS, ids=lambda block: block.rest)
def test_each_how_to_prints_what_it_says(block: Block, shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    with LiveServer(create_app(Settings())) as server:
        ran = run(shell, "-c", text_of(block, server.url), cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == expected(block)


def test_a_token_neighbours_and_a_second_run_change_nothing(guarded: LiveServer, tmp_path: Path) -> None:
    for block in (*HOWTOS, *HOWTOS[::-1]):
        ran = run("sh", "-c", text_of(block, reached(guarded)), cwd=tmp_path, MOCKSERVER_TOKEN=TOKEN)
        assert (ran.returncode, ran.stderr) == (0, ""), block.place
        assert ran.stdout == expected(block)


@pytest.mark.parametrize("block", HOWTOS, ids=lambda block: block.rest)
def test_without_the_token_the_first_step_fails_and_nothing_else_is_done(
    block: Block, guarded: LiveServer, tmp_path: Path
) -> None:
    ran = run("sh", "-c", text_of(block, reached(guarded)), cwd=tmp_path, MOCKSERVER_TOKEN="another-one")
    assert ran.returncode != 0
    assert ran.stdout == ""
    assert ran.stderr.count("401") == 1


@pytest.mark.parametrize("block", HOWTOS, ids=lambda block: block.rest)
def test_without_a_server_it_stops_and_says_why(block: Block, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ran = run("sh", "-c", text_of(block, f"http://127.0.0.1:{port}"), cwd=tmp_path)
    assert (ran.returncode != 0, ran.stdout) == (True, "")
    assert ran.stderr.count(f"port {port}") == 1


@pytest.mark.parametrize("block", HOWTOS, ids=lambda block: block.rest)
def test_a_shell_that_a_how_to_is_pasted_into_lives_on(block: Block, guarded: LiveServer, tmp_path: Path) -> None:
    script = f"{text_of(block, reached(guarded))}\necho 'still here'\n"
    ran = run("sh", "-c", script, cwd=tmp_path, MOCKSERVER_TOKEN="another-one")
    assert (ran.returncode, ran.stdout) == (0, "still here\n")


@pytest.mark.parametrize("block", HOWTOS, ids=lambda block: block.rest)
def test_a_how_to_stops_where_a_step_fails(block: Block, tmp_path: Path) -> None:
    """The provider's first call is refused: what the page shows must not be printed beyond it."""
    broken = re.sub(
        r"(daisy-demo|sandbox-key|live_demo:sk_demo|secret-password|auto_approve\": \"\w+)", "wrong", block.text
    )
    assert broken != block.text
    with LiveServer(create_app(Settings())) as server:
        ran = run("sh", "-c", broken.replace(ADDRESS, server.url), cwd=tmp_path)
    assert ran.returncode != 0
    assert ran.stdout == ""
