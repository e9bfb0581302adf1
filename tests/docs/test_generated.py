"""The pages that are made from the code are up to date."""

from pathlib import Path

import pytest

from mockserver import config
from mockserver.cli import main, program
from mockserver.cli.reference import PAGES
from mockserver.control.app import OPERATIONS
from mockserver.resources import bundled
from mockserver.sandbox.settings import COMMON
from tests.served import PROVIDERS

DOCS = Path(__file__).parents[2] / "docs"
FILES = {
    "files": "scenarios.md",
    "library": "scenario-library.md",
    "settings": "settings.md",
    "control": "control-operations.md",
    "configuration": "configuration.md",
}


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["reference", *arguments]) == 0
    return capsys.readouterr().out


def test_every_page_that_the_command_prints_has_a_file() -> None:
    assert FILES.keys() == PAGES.keys()


@pytest.mark.parametrize("page", FILES)
def test_a_page_is_what_the_command_prints(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = printed(capsys, page)
    assert (DOCS / FILES[page]).read_text(encoding="utf-8") == made, f"mockserver reference {page} > docs/{FILES[page]}"


def test_the_library_has_every_bundled_scenario_and_what_it_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [line for line in printed(capsys, "library").splitlines() if line.startswith("| `")]
    for file in bundled("scenarios").glob("*/*.yaml"):
        assert any(row.startswith(f"| `{file.stem}` | ") and row.count(" | ") == 2 for row in rows), file
    assert all(cell.strip() for row in rows for cell in row.strip("|").split("|"))


def test_the_settings_page_has_every_setting_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    page = printed(capsys, "settings")
    for row in (*COMMON, *(row for provider in PROVIDERS for row in provider.settings)):
        assert page.count(f"| `{row.name}` | ") == 1


def test_the_page_of_operations_has_each_with_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [line[2:-2].split(" | ") for line in printed(capsys, "control").splitlines() if line.startswith("| `")]
    assert len(rows) == len(OPERATIONS)
    cells = {row[0]: row[1:] for row in rows}
    for operation in OPERATIONS:
        what, query, body = cells[f"`{operation.method} /_mock{operation.path}`"]
        assert operation.summary in what
        assert [name for name in operation.query if f"`{name}`" not in query] == []
        assert [name for name in (operation.takes or {}).get("properties", ()) if f"`{name}`" not in body] == []


def test_the_configuration_page_has_every_flag_and_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    page = printed(capsys, "configuration")
    for name, option, default in config.table():
        line = next(line for line in page.splitlines() if f"`{config.variable_of(name)}`" in line)
        assert line.startswith(f"| `{config.flag_of(name)}")
        assert option.help in line
        assert default in (None, (), False) or f"`{default}`" in line
    for name in program.commands:
        assert f"### `mockserver {name}`" in page
    assert "### `mockserver clock advance`" in page


def test_the_schema_belongs_to_one_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference", "--schema", "library"]) == 2
    assert capsys.readouterr().err == "mockserver: --schema belongs to the page files, not to library\n"
    assert main(["reference", "prices"]) == 2
    assert "'files', 'library', 'settings', 'control', 'configuration'" in capsys.readouterr().err
