"""The README is short, and begins with what a stranger needs. tests/docs run its examples."""

import re
from pathlib import Path

from tests.docs.pages import blocks, marked
from tests.served import PROVIDERS

README = Path(__file__).parents[2] / "README.md"
MOST_LINES = 160


def test_there_are_exactly_two_set_up_commands_and_they_are_the_promised_ones() -> None:
    assert [block.rest for block in blocks("README.md") if block.word == "setup"] == ["start", "test"]
    assert [block.text for block in marked("setup", "start")] == ["$ pip install . && mockserver\n"]
    assert [block.text for block in marked("setup", "test")] == ["$ pip install '.[dev]' && pytest\n"]


def test_the_set_up_commands_are_there_for_powershell_too() -> None:
    found = [block.text for block in blocks("README.md") if block.language == "powershell"]
    sh = [block.text.removeprefix("$ ") for block in blocks("README.md") if block.word == "setup"]
    assert found == [text.replace(" && ", "; ") for text in sh]


def test_the_third_line_says_what_this_is_not() -> None:
    assert "not the Java product MockServer" in README.read_text(encoding="utf-8").splitlines()[2]


def test_it_can_be_read_in_five_minutes() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_it_shows_where_each_api_is() -> None:
    text = README.read_text(encoding="utf-8")
    for provider in PROVIDERS:
        mount = provider.mounts[0]
        assert f"`http://localhost:7460/{mount.host}{mount.prefix}`" in text
        assert f"[{provider.title}" in text


def test_it_has_one_test_one_how_to_and_one_table_of_what_a_test_can_do() -> None:
    found = blocks("README.md")
    assert [block.word for block in found].count("howto") == 1
    assert sum(block.text.count("def test_") for block in found if block.language == "python") == 1
    table = README.read_text(encoding="utf-8").partition("## What a test can do\n")[2].partition("\n\n[")[0]
    assert all(re.search(r"\]\(docs/[a-z-]+\.md\)", row) for row in table.strip().splitlines()[2:])
