"""docs/writing-a-provider.md leads to a provider: its files are written and its commands run, in its order."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mockserver.http.schemas import SchemaStore
from tests.distribution import declare
from tests.server.processes import ROOT, line_of, python

GUIDE = (ROOT / "docs" / "writing-a-provider.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"(?:^`([^`\n]+)`\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ADDRESS = "http://localhost:7460"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: a file, where a path stands above it, or commands with what they print."""

    step: str
    path: str
    language: str
    text: str

    def write(self, folder: Path) -> Path:
        """Write the file below the folder."""
        file = folder / self.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.text, encoding="utf-8")
        return file

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Each command with the lines that its output holds."""
        for part in self.text.split("$ ")[1:]:
            command, *lines = part.splitlines()
            yield command, lines


STEPS = re.split(r"^## ", GUIDE, flags=re.MULTILINE)[1:]
BLOCKS = [
    Block(step.partition("\n")[0], *found.groups(default="")) for step in STEPS for found in _BLOCK.finditer(step)
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the guide builds, and the metadata that installing it would leave beside it."""
    home = tmp_path_factory.mktemp("guide")
    for block in BLOCKS:
        if block.path:
            block.write(home)
    written = tomllib.loads((home / "pyproject.toml").read_text())["project"]
    entry_points = written["entry-points"]["mockserver.providers"]
    return declare(home, distribution=written["name"], **entry_points)


def variables(project: Path) -> dict[str, str]:
    return {"PYTHONPATH": f"{project}{os.pathsep}{ROOT}"}


def run(project: Path, command: str, *, directory: Path) -> str:
    """The output of a command, which must succeed; `NAME=value` in front of it sets a variable."""
    words = shlex.split(command)
    settings: dict[str, str] = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        settings[name] = value
    if words[0] in ("mockserver", "pytest"):
        words = [sys.executable, "-m", *words]
    done = subprocess.run(
        words,
        cwd=directory,
        env={**os.environ, **variables(project), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode != 0:
        raise AssertionError(f"{command}\n{done.stdout[-20_000:]}\n{done.stderr[-20_000:]}")
    return done.stdout


def console(word: str) -> list[tuple[str, list[str]]]:
    """The commands of the guide that begin with this word, or have it behind a variable."""
    found = [each for block in BLOCKS if block.language == "console" for each in block.commands()]
    return [(command, lines) for command, lines in found if word in command.split()[:2]]


def test_every_block_is_a_file_or_commands() -> None:
    assert all(block.path or block.language == "console" for block in BLOCKS)
    commands = [command for block in BLOCKS if block.language == "console" for command, _ in block.commands()]
    known = {command for word in ("mockserver", "curl", "pytest") for command, _ in console(word)}
    assert set(commands) == known


def test_each_step_stands_on_those_before_it(tmp_path: Path) -> None:
    seen = []
    for step in dict.fromkeys(block.step for block in BLOCKS):
        files = [block.write(tmp_path) for block in BLOCKS if block.step == step and block.path]
        modules = [file for file in files if file.suffix == ".py"]
        for file in modules:
            name = ".".join(file.relative_to(tmp_path).with_suffix("").parts).removesuffix(".__init__")
            run(tmp_path, f"{sys.executable} -c 'import {name}'", directory=tmp_path)
            seen.append(name)
        store = SchemaStore(tmp_path / "pigeon_mock" / "schemas")
        for file in (file for file in files if file.name.endswith(".schema.json")):
            schema = f"pigeon/{file.name.removesuffix('.schema.json')}"
            assert store.load(schema)["$id"] == f"mockserver:{schema}"
            assert store.checker(schema).explain(store.load(schema)["examples"][0]) == {}
    assert seen == [f"pigeon_mock{one}" for one in (".rules", ".errors", ".endpoints", "", ".samples")]


def test_its_files_are_of_the_kinds_that_it_names(project: Path) -> None:
    names = {file.name for file in (project / "pigeon_mock" / "schemas" / "pigeon").iterdir()}
    assert len(names) == 6
    for suffix in (".request", ".path", ".webhook"):
        assert any(name.endswith(f"{suffix}.schema.json") for name in names)


def test_its_modules_are_sound(project: Path) -> None:
    # The page says around each module what a docstring would say in it.
    check = ["ruff", "check", "--no-cache", "--extend-ignore", "D100,D103"]
    for tool in (check, ["ruff", "format", "--no-cache", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", *tool, "--config", str(ROOT / "pyproject.toml"), str(project / "pigeon_mock")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", [command for command, _ in console("mockserver") if "--port" not in command])
def test_its_checks_print_what_it_says(project: Path, command: str) -> None:
    printed = run(project, command, directory=project).splitlines()
    assert printed[: len(dict(console("mockserver"))[command])] == dict(console("mockserver"))[command]


def test_its_server_answers_as_it_says(project: Path) -> None:
    [serve] = [command for command, _ in console("mockserver") if "--port" in command]
    arguments = serve.replace("--port 7460", "--port 0").split()[1:]
    with python("-m", "mockserver", *arguments, "--log-format", "json", **variables(project)) as process:
        url = json.loads(line_of(process))["url"]
        for command, lines in console("curl"):
            answer = run(project, command.replace(_ADDRESS, url), directory=project)
            for line in lines:
                assert line in answer, command


def test_the_conformance_suite_accepts_it(project: Path) -> None:
    [(command, [word])] = console("pytest")
    printed = run(project, f"{command} -p no:cacheprovider", directory=ROOT)
    assert word in printed
    assert int(re.findall(r"(\d+) passed", printed)[0]) > 80


def test_the_suite_refuses_a_provider_that_breaks_its_schema(project: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(project, broken)
    module = broken / "pigeon_mock" / "endpoints.py"
    module.write_text(module.read_text().replace('{"balance": USD', '{"saldo": USD'))
    [(command, _)] = console("pytest")
    with pytest.raises(AssertionError, match="test_an_accepted_request_is_answered_as_declared"):
        run(broken, f"{command}/test_answers.py -p no:cacheprovider", directory=ROOT)
