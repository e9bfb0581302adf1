"""Compiled scenarios equal their files, and one made from other bytes is not used."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mockserver.resources import bundled
from mockserver.scenario import check
from mockserver.scenario.build_hook import CompileScenarios
from mockserver.scenario.compiled import compile_scenario, read_compiled
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import ScenarioProblems

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(bundled("scenarios").glob("*/*.yaml"))


def load_file(path: Path) -> Scenario:
    """Load as a process does that has not read any file yet."""
    check.load_trusted.cache_clear()
    return check.load_file(path, check=False)


def parsing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make YAML unreadable, so that only compiled files can be loaded."""
    monkeypatch.setitem(sys.modules, "mockserver.scenario.source", None)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A scenario as it lies in an installed package, its compiled file beside it."""
    target = tmp_path / "acme" / "quick.yaml"
    target.parent.mkdir()
    shutil.copy(ROOT / "tests" / "acme" / "scenarios" / "acme" / "quick.yaml", target)
    target.with_suffix(".json").write_bytes(compile_scenario(target))
    return target


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_compiled_file_gives_the_same_scenario(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / path.parent.name / path.name
    target.parent.mkdir()
    shutil.copy(path, target)
    parsed = check.load_file(target)
    target.with_suffix(".json").write_bytes(compile_scenario(target))
    parsing_fails(monkeypatch)
    assert load_file(target) == parsed


def test_one_process_reads_the_same_bytes_once() -> None:
    path = FILES[0]
    assert load_file(path) is check.load_file(path, check=False)


def test_a_compiled_file_of_other_bytes_is_not_used(copied: Path) -> None:
    copied.write_bytes(copied.read_bytes().replace(b"about:", b"about: Changed.", 1))
    assert read_compiled(copied, copied.read_bytes()) is None
    assert load_file(copied).about.startswith("Changed.")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"data": {}}', b'{"made_of": "", "data": {}}'])
def test_a_broken_compiled_file_is_not_used(copied: Path, content: bytes) -> None:
    copied.with_suffix(".json").write_bytes(content)
    assert load_file(copied) == check.load_file(copied)


def test_what_others_may_write_is_never_read_compiled(copied: Path) -> None:
    compiled = json.loads(copied.with_suffix(".json").read_bytes())
    compiled["data"]["about"] = "Forged."
    copied.with_suffix(".json").write_text(json.dumps(compiled), encoding="utf-8")
    assert check.load_file(copied).about != "Forged."


def test_a_file_that_cannot_be_read_is_not_compiled(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("scenario: a\nscenario: b\n", encoding="utf-8")
    with pytest.raises(ScenarioProblems, match=r"broken\.yaml:2:1: key 'scenario' is here twice"):
        compile_scenario(path)


def test_compiling_needs_nothing_that_is_not_there_when_a_wheel_is_built() -> None:
    program = (
        "import sys\n"
        "for name in ('click', 'faker', 'httpx', 'jsonschema', 'jsonschema_rs', 'msgspec', 'orjson', 'phonenumbers',"
        " 'sortedcontainers', 'starlette', 'stdnum', 'uvicorn'): sys.modules[name] = None\n"
        "from pathlib import Path; from mockserver.scenario.compiled import compile_scenario\n"
        "print(len(compile_scenario(Path(sys.argv[1]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(FILES[0])], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert int(done.stdout) == len(compile_scenario(FILES[0]))


def hook(tmp_path: Path) -> CompileScenarios:
    """The hook as hatchling makes it."""
    config: Any = None
    return CompileScenarios(str(ROOT), {}, config, config, str(tmp_path), "wheel")


def test_an_editable_install_gets_no_compiled_files(tmp_path: Path) -> None:
    data: dict[str, Any] = {"force_include": {}}
    hook(tmp_path).initialize("editable", data)
    assert data == {"force_include": {}}


def test_a_build_leaves_nothing_in_the_checkout_and_nothing_behind(tmp_path: Path) -> None:
    data: dict[str, Any] = {"force_include": {}}
    path, made = list(sys.path), hook(tmp_path)
    made.initialize("standard", data)
    written = [Path(name) for name in data["force_include"]]
    assert len(written) == len(FILES)
    assert not any(file.is_relative_to(ROOT) for file in written)
    assert all(file.is_file() for file in written)
    made.finalize("standard", data, "a.whl")
    assert not any(file.parent.exists() for file in written)
    assert sys.path == path
    assert not list(bundled("scenarios").rglob("*.json"))
