"""What the README shows is what happens."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.config import Settings
from mockserver.scenario.check import check_text
from mockserver.server import LiveServer
from tests.served import PROVIDERS

TOP = Path(__file__).parents[2]
README = TOP / "README.md"
ADDRESS = "http://localhost:7460"


def blocks_after(mark: str, count: int) -> list[str]:
    """The fenced blocks that follow `<!-- mark -->` in the README, or in one of the texts that are to go into it."""
    whole = "".join(file.read_text(encoding="utf-8") for file in (README, *TOP.glob("docs-howto-*.md")))
    text = whole.partition(f"<!-- {mark} -->")[2]
    assert text, f"the README has no mark {mark!r}"
    return [found[1] for found in re.finditer(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)][:count]


@pytest.mark.parametrize("provider", [provider.name for provider in PROVIDERS])
def test_each_how_to_prints_what_it_says(provider: str) -> None:
    assert shutil.which("bash"), "the how-to is written for bash"
    assert shutil.which("curl"), "the how-to is written for curl"
    commands, printed = blocks_after(f"howto: {provider}", 2)
    with LiveServer(create_app(Settings())) as server:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands.replace(ADDRESS, server.url)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == printed


def test_the_example_scenario_has_nothing_to_complain_about() -> None:
    (example,) = blocks_after("example: scenario", 1)
    assert check_text(example, source="README.md", providers=[provider.name for provider in PROVIDERS]) == []


def test_there_are_exactly_two_set_up_commands_and_they_are_the_promised_ones() -> None:
    text = README.read_text(encoding="utf-8")
    assert re.findall(r"<!-- setup: (\w+) -->", text) == ["start", "test"]
    assert blocks_after("setup: start", 1) == ["$ pip install . && mockserver\n"]
    assert blocks_after("setup: test", 1) == ["$ pip install '.[dev]' && pytest\n"]


def test_the_third_line_says_what_this_is_not() -> None:
    assert "not the Java product MockServer" in README.read_text(encoding="utf-8").splitlines()[2]
