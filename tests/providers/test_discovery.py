"""Providers are found by folder and by entry point; one that cannot be used is reported in one line."""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from mockserver.app import create_app
from mockserver.cli import main
from mockserver.providers.discovery import all_providers, bundled_providers, check_addresses, load
from mockserver.providers.sources import ProviderProblem, Source, data_root, provider_names, source_roots, sources
from mockserver.resources import bundled
from tests.distribution import declare
from tests.served import ACME
from tests.server.processes import ROOT, line_of, python

FOLDERS = ["daisysim", "doctorsim_v1", "doctorsim_v2", "hidsim"]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def acme_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(declare(tmp_path, acme="tests.acme:PROVIDER"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on `sys.path`; modules that were imported from it are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("odd")]:
        del sys.modules[name]
    gc.enable()  # which a server switches off until it answers


def test_each_folder_is_a_provider() -> None:
    assert provider_names() == FOLDERS
    assert [one.name for one in bundled_providers()] == FOLDERS
    assert all(one.folder is None for one in bundled_providers())


def test_the_hosts_of_a_provider_are_those_it_answers_at_and_those_it_declares_besides() -> None:
    hosts = {one.name: one.hosts for one in bundled_providers()}
    assert hosts == {
        "daisysim": ("daisysim.com", "www.daisysim.com"),
        "doctorsim_v1": ("api.doctorsim.com", "doctorsim.com", "www.doctorsim.com"),
        "doctorsim_v2": ("api.doctorsim.com", "doctorsim.com", "www.doctorsim.com"),
        "hidsim": ("api.hidsim.com", "hidsim.com", "www.hidsim.com"),
    }
    assert ACME.hosts == ("api.acme.example",)


@pytest.mark.usefixtures("acme_installed")
def test_a_distribution_adds_its_providers_behind_the_bundled_ones() -> None:
    assert provider_names() == [*FOLDERS, "acme"]
    assert sources()[-1] == Source("acme", "tests.acme", "PROVIDER", "acme-tests 1.0")
    assert all_providers()[-1].name == "acme"
    app = create_app()
    assert ("acme", "/api.acme.example/v1") in app.describe()


@pytest.mark.usefixtures("acme_installed")
def test_scenarios_and_schemas_lie_beside_the_module() -> None:
    folder = Path(__file__).parents[1] / "acme"
    assert all_providers()[-1].folder == folder
    assert source_roots("scenarios", ["daisysim"]) == (bundled("scenarios"),)
    assert source_roots("schemas", ["acme"]) == (bundled("schemas"), folder / "schemas")


@pytest.mark.parametrize("place", ["package", "."])
def test_scenarios_may_lie_in_the_module_s_folder_or_beside_it(tmp_path: Path, place: str) -> None:
    root = tmp_path / place / "scenarios"
    (root / "odd").mkdir(parents=True)
    assert data_root(tmp_path / "package", "scenarios", "odd") == root
    assert data_root(tmp_path / "package", "scenarios", "even") is None


def test_names_are_found_without_importing_a_provider_or_the_metadata_of_distributions() -> None:
    code = (
        "import json, sys; from mockserver.providers.sources import provider_names; names = provider_names();"
        "print(json.dumps([names, [one for one in sys.modules if one.startswith('mockserver.http')"
        " or one == 'importlib.metadata']]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
    assert json.loads(found.stdout) == [FOLDERS, []]


@pytest.mark.parametrize(
    ("module", "files", "problem"),
    [
        ("odd_gone", {}, "cannot be imported: ModuleNotFoundError: No module named 'odd_gone'"),
        ("odd_broken", {"odd_broken.py": "1 / 0"}, "cannot be imported: ZeroDivisionError: division by zero"),
        ("odd_leaving", {"odd_leaving.py": "raise SystemExit"}, "cannot be imported: SystemExit:"),
        ("odd_parent.child", {"odd_parent/__init__.py": "raise SystemExit(3)"}, "cannot be imported: SystemExit: 3"),
        ("odd_empty", {"odd_empty.py": ""}, "has no attribute 'PROVIDER'"),
        ("odd_text", {"odd_text.py": "PROVIDER = 'odd'"}, "is no Provider, but str"),
        ("tests.acme", {}, "calls itself 'acme'"),
        (
            "odd_bare",
            {
                "odd_bare/__init__.py": "from dataclasses import replace\nfrom tests.acme import PROVIDER as ACME\n"
                "PROVIDER = replace(ACME, name='odd')"
            },
            "has no scenarios/odd in ",
        ),
        (
            "odd_quiet",
            {
                "odd_quiet/__init__.py": "from dataclasses import replace\nfrom tests.acme import PROVIDER as ACME\n"
                "PROVIDER = replace(ACME, name='odd')",
                "odd_quiet/scenarios/odd/late.yaml": "scenario: late\nprovider: odd\nabout: Late.\n",
                "odd_quiet/schemas/odd/error.schema.json": "{}",
            },
            "has no quick.yaml in ",
        ),
    ],
)
def test_a_provider_that_cannot_be_used_is_one_line_and_exit_code_1(
    here: Path, module: str, files: dict[str, str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here, files)
    declare(here, odd=f"{module}:PROVIDER")
    with pytest.raises(ProviderProblem, match=r"^provider 'odd'"):
        create_app()
    assert main(["--port", "0", "--quiet"]) == 1
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert errors.startswith(f"mockserver: provider 'odd' ({module}:PROVIDER of acme-tests 1.0) ")
    assert problem in errors


def test_two_providers_of_one_name_are_told_with_their_places(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declare(here, daisysim="tests.acme:PROVIDER")
    line = (
        "two providers are named 'daisysim': mockserver.providers.daisysim:PROVIDER and"
        " tests.acme:PROVIDER of acme-tests 1.0"
    )
    for command in (["graph", "daisysim"], ["check", str(bundled("scenarios"))], ["--port", "0", "--quiet"]):
        assert main(command) == 1
        assert capsys.readouterr().err == f"mockserver: {line}\n"


@pytest.mark.parametrize("line", ["foo = json:x:y:z", "foo", "foo =", "= json", "foo: json"])
def test_an_entry_point_that_is_none_is_one_line_and_exit_code_1(
    here: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = declare(here) / "acme_tests-1.0.dist-info" / "entry_points.txt"
    file.write_text(f"[console_scripts]\nanything at all\n[mockserver.providers]\n# a comment\n{line}\n")
    for command in (["graph", "daisysim"], ["check", str(bundled("scenarios"))], ["--port", "0", "--quiet"]):
        assert main(command) == 1
        told = f"the entry point {line!r} of acme-tests 1.0 must be NAME = MODULE:ATTRIBUTE"
        assert capsys.readouterr().err == f"mockserver: {told}\n"


def test_a_distribution_that_is_found_twice_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("old", "new"):
        monkeypatch.syspath_prepend(declare(tmp_path / folder, acme=f"tests.{folder}:PROVIDER"))
    assert sources()[-1] == Source("acme", "tests.new", "PROVIDER", "acme-tests 1.0")


def test_two_distributions_may_not_declare_one_name_either(here: Path) -> None:
    declare(here, acme="tests.acme:PROVIDER")
    declare(here, distribution="other", acme="odd:PROVIDER")
    with pytest.raises(ProviderProblem, match=r"acme-tests 1\.0 and .* other 1\.0|other 1\.0 and .* acme-tests 1\.0"):
        provider_names()


def test_two_providers_may_not_answer_under_one_address() -> None:
    with pytest.raises(ProviderProblem, match=r"^'acme' and 'twin' both answer under api\.acme\.example/v1$"):
        check_addresses([ACME, replace(ACME, name="twin")])


def test_a_mistake_in_a_bundled_provider_keeps_its_traceback(here: Path) -> None:
    write(here, {"odd_bundled.py": "1 / 0"})
    with pytest.raises(ZeroDivisionError):
        load(Source("odd", "odd_bundled"))


def test_a_real_server_serves_what_is_installed(tmp_path: Path) -> None:
    declare(tmp_path, acme="tests.acme:PROVIDER")
    paths = f"{tmp_path}{os.pathsep}{ROOT}"
    with python("-m", "mockserver", "--port", "0", "--log-format", "json", PYTHONPATH=paths) as process:
        url = json.loads(line_of(process))["url"]
        index = httpx.get(f"{url}/_mock").json()["providers"]["acme"]
        headers = {"Authorization": f"Bearer {index['credentials'][0]['key']}"}
        assert httpx.get(f"{index['base_url']}/balance", headers=headers).json()["balance"] == "100.00"
