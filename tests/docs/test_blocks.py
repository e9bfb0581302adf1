"""Every fenced block of the documentation is run, checked, or says why it is not.

What stands above a block decides: `<!-- word: rest -->`. Without a mark

- `sh` is run; all those of a page are one session of a POSIX shell, from the top to the bottom;
- `text` right after `sh` is what it prints;
- `python` is run, by pytest where it has tests;
- `yaml` is a scenario file without a problem.

Marks:

- `file: PATH` is written there before the page's session begins;
- `howto: NAME` is run alone, as `test_howtos.py` says;
- `sent: METHOD /PATH` is a body that the control API takes there;
- `prints: COMMAND` is what this command of ours prints;
- `setup: NAME`, `verify: LANGUAGE` are run elsewhere;
- `not run: REASON` is not run, for this reason.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mockserver.app import create_app
from mockserver.cli import main
from mockserver.cli.providers import scenario_judge
from mockserver.config import Settings
from mockserver.providers.sources import provider_names
from mockserver.scenario.check import check_text
from mockserver.server import LiveServer
from tests.docs.pages import ADDRESS, TOP, Block, blocks, blocks_of, pages
from tests.docs.running import printed_by, run

#: Marks of blocks that another file runs; it must name the mark.
ELSEWHERE = {
    "setup": ".ci/run",
    "verify": "tests/providers/doctorsim_v2/test_documentation.py",
    "howto": "tests/docs/test_howtos.py",
}
#: Pages whose blocks another test runs, every one of them.
WHOLE_PAGES = {
    "docs/scenarios.md": "tests/docs/test_scenarios.py",
    "docs/writing-a-provider.md": "tests/docs/test_writing_a_provider.py",
}
FEWEST_WORDS_OF_A_REASON = 4


def those(page: str | None = None) -> list[Block]:
    """The blocks that this file is about."""
    wanted = [page] if page else [one for one in pages() if one not in WHOLE_PAGES]
    return [block for one in wanted for block in blocks(one)]


def how(block: Block, before: str | None) -> str | None:
    """How the block is shown to be right, after one that is shown as `before` says; None when nothing shows it."""
    if block.word in ("file", "sent", "prints") or block.word in ELSEWHERE:
        return block.word
    if block.word == "not run":
        return "not run" if len(block.rest.split()) >= FEWEST_WORDS_OF_A_REASON else None
    if block.language in ("sh", "python", "yaml") and not block.word:
        return block.language
    if block.language == "text" and before in ("sh", "howto"):
        return "output"
    return None


def judged(found: list[Block]) -> list[tuple[Block, str | None]]:
    ways: list[str | None] = []
    for block in found:
        ways.append(how(block, ways[-1] if ways else None))
    return list(zip(found, ways, strict=True))


def chosen(kind: str) -> list[Block]:
    return [block for page in pages() if page not in WHOLE_PAGES for block, way in judged(blocks(page)) if way == kind]


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with LiveServer(create_app(Settings())) as running:
        yield running


@pytest.mark.parametrize("page", pages())
def test_each_block_is_run_or_checked_or_says_why_not(page: str) -> None:
    if page in WHOLE_PAGES:
        assert Path(page).name in (TOP / WHOLE_PAGES[page]).read_text(encoding="utf-8")
        return
    assert [block.place for block, way in judged(blocks(page)) if way is None] == []


def test_a_block_that_nothing_shows_to_be_right_is_noticed() -> None:
    lazy = "<!-- not run: just because -->\n```sh\nfalse\n```\n```text\nno output\n```\n"
    text = f"```json\n{{}}\n```\n{lazy}```js\n1\n```\n```sh\necho 1\n```\n```text\n1\n```\n"
    assert [way for _, way in judged(list(blocks_of("page.md", text)))] == [None, None, None, None, "sh", "output"]


def test_what_is_run_elsewhere_is_known_there() -> None:
    for word, file in ELSEWHERE.items():
        assert any(block.word == word for block in those())
        assert f"{word}: " in (TOP / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [page for page in pages() if any(block.page == page for block in chosen("sh"))])
def test_the_shell_examples_of_a_page_print_what_it_says(page: str, tmp_path: Path) -> None:
    found = judged(blocks(page))
    for block, way in found:
        if way == "file":
            path = tmp_path / block.rest
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    shells = [place for place, (_, way) in enumerate(found) if way == "sh"]
    with LiveServer(create_app(Settings())) as server:
        scripts = [found[place][0].text.replace(ADDRESS, server.url) for place in shells]
        printed = [text.replace(server.url, ADDRESS) for text in printed_by(scripts, tmp_path)]
    for place, text in zip(shells, printed, strict=True):
        after = found[place + 1] if place + 1 < len(found) else None
        if after is not None and after[1] == "output":
            assert text == after[0].text, f"{after[0].place} is not what {found[place][0].place} prints"


@pytest.mark.parametrize("block", chosen("python"), ids=lambda block: block.place)
def test_each_example_in_python_runs(block: Block, server: LiveServer, tmp_path: Path) -> None:
    file = tmp_path / "test_example.py"
    file.write_text(block.text.replace(ADDRESS, server.url), encoding="utf-8")
    tests = ["-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"] if "def test_" in block.text else []
    ran = run("python", *tests, str(file), cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    assert not tests or f"{block.text.count('def test_')} passed" in ran.stdout


@pytest.mark.parametrize("block", [*chosen("yaml"), *chosen("file")], ids=lambda block: block.place)
def test_each_scenario_file_has_nothing_to_complain_about(block: Block) -> None:
    if block.language != "yaml" or not block.text.startswith("scenario:"):
        pytest.skip("another kind of file, which the page's session uses")
    assert check_text(block.text, source=block.place, providers=provider_names(), judge=scenario_judge()) == []


@pytest.mark.parametrize("block", chosen("sent"), ids=lambda block: block.place)
def test_each_body_is_one_that_the_control_api_takes(block: Block, server: LiveServer) -> None:
    method, _, path = block.rest.partition(" ")
    name = f"line-{block.line}"
    answer = httpx.request(
        method,
        f"{server.url}/~{name}/_mock{path}",
        content=block.text.replace(ADDRESS, server.url),
        headers={"Content-Type": "application/json"},
    )
    assert answer.is_success, answer.text


@pytest.mark.parametrize("block", chosen("prints"), ids=lambda block: block.place)
def test_each_block_that_a_command_prints_is_what_it_prints(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    program, *arguments = block.rest.split()
    assert program == "mockserver"
    assert main(arguments) == 0
    assert capsys.readouterr().out == block.text, f"{block.rest}, into {block.place}"
