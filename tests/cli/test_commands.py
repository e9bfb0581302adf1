"""The output and the exit codes of the commands."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from mockserver import __version__
from mockserver.cli import main
from tests.distribution import declare
from tests.server.processes import python


@dataclass(frozen=True, slots=True)
class FakeProblem:
    """A problem as the checker reports one."""

    place: str
    severity: str

    def __str__(self) -> str:
        return f"{self.place}: it is {self.severity}"


@pytest.fixture
def checker(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Replaces the check: a file is judged by its content, a severity per line. The files it was asked about."""
    asked: list[Path] = []

    def check_file(
        path: Path, providers: Sequence[str], *, judge: object, in_folder: bool = False
    ) -> list[FakeProblem]:
        assert "daisysim" in providers
        assert judge
        asked.append(path)
        words = path.read_text().split()
        return [FakeProblem(f"{path}:{line}:1", word) for line, word in enumerate(words, 1)]

    module = ModuleType("mockserver.scenario.check")
    module.check_file = check_file  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mockserver.scenario.check", module)
    return asked


def _files(directory: Path, **contents: str) -> list[Path]:
    paths = [directory / f"{name}.yaml" for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_text(content)
    return paths


def test_good_files_are_counted(checker: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, _ = _files(tmp_path, one="", two="")
    assert main(["check", str(one)]) == 0
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 file ok\n2 files ok\n"


def test_all_problems_are_printed_and_an_error_fails(
    checker: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = _files(tmp_path, one="error warning", two="error")
    assert main(["check", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{one}:1:1: it is error",
        f"{one}:2:1: it is warning (warning)",
        f"{two}:1:1: it is error",
    ]


def test_a_warning_alone_does_not_fail(checker: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _files(tmp_path, one="warning")
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith("(warning)\n1 file ok\n")


def test_directories_are_walked_and_each_file_is_checked_once(checker: list[Path], tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    deep = _files(tmp_path / "deep", b="")
    (tmp_path / "notes.txt").write_text("error")
    top = _files(tmp_path, a="", c="")
    assert main(["check", str(top[1]), str(tmp_path)]) == 0
    assert checker == [top[1], top[0], *deep]


def test_a_file_outside_the_folder_of_its_provider_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "daisysim").mkdir()
    text = "scenario: night\nprovider: daisysim\nabout: Nothing happens.\n"
    _files(tmp_path / "daisysim", night=text)
    [flat] = _files(tmp_path, night=text)
    assert main(["check", str(tmp_path / "daisysim"), str(flat)]) == 0
    assert main(["check", str(tmp_path)]) == 0
    place = "DIR/daisysim/night.yaml"
    assert capsys.readouterr().out.splitlines() == [
        "2 files ok",
        f"{flat}:2:11: not used by --scenarios: this scenario's place is {place} (warning)",
        "2 files ok",
    ]


def test_a_file_with_errors_is_told_of_its_place_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _files(tmp_path, nite="scenario: night\nprovider: daisysim\nabout: Nothing happens.\nrulez: []\n")
    assert main(["check", str(tmp_path)]) == 1
    assert [line.split(":")[1] for line in capsys.readouterr().out.splitlines()] == ["1", "2", "4"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--prot", "1"], 2, "no such option"),
        (["frobnicate"], 2, "no such command 'frobnicate'"),
        (["--port"], 2, "option '--port' requires an argument"),
        (["--port", "x"], 2, "--port: must be a whole number from 0 to 65535: 'x'"),
        (["serve", "--port", ""], 2, "--port: needs a value"),
        (["--scenarios", "/no/such/place"], 2, "--scenarios: must be a directory that exists"),
        (["check"], 2, "missing argument"),
        (["check", "/no/such/file.yaml"], 2, "no such file or directory: /no/such/file.yaml"),
    ],
)
def test_a_mistake_is_one_line_and_a_code(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"mockserver: {message}")
    assert output.err.count("\n") == 1


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MOCKSERVER_CLOCK", "sundial")
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("mockserver: MOCKSERVER_CLOCK: must be real, frozen or scaled:N")


def test_problems_are_told_as_json_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(declare(tmp_path / "installed", acme="tests.acme:PROVIDER"))
    file = tmp_path / "bad.yaml"
    file.write_text("scenario: bad\nprovider: acme\nabout: x\nsettings: {rate_limit: off}\n")
    assert main(["check", "--json", str(file)]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["file"], row["line"], row["severity"]) == (str(file), 4, "error")
    assert "rate_limits" in row["message"]
    file.write_text("scenario: bad\nprovider: acme\nabout: x\n")
    assert main(["check", "--json", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_directory_without_scenarios_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"mockserver: no scenario files (*.yaml) in {tmp_path}\n"


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mockserver {__version__}\n"


def test_help_names_every_setting_with_flag_and_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--help"]) == 0
    shown = capsys.readouterr().out
    for name in ("host", "rate-limits", "webhook-hosts", "journal-size"):
        assert f"--{name} " in shown
        assert "MOCKSERVER_" + name.upper().replace("-", "_") in shown


def test_the_command_line_imports_nothing_heavy() -> None:
    code = """
import sys
import mockserver.cli

heavy = {"uvicorn", "starlette", "asyncio", "yaml", "httpx", "jsonschema", "orjson", "urllib.request", "mockserver.app"}
print(sorted(heavy & set(sys.modules)))
"""
    with python("-c", code) as process:
        assert process.communicate(timeout=10) == ("[]\n", "")
