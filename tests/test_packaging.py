"""The wheel, used as a user would: installed into an environment that holds its dependencies and nothing else."""

import json
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.installed import PATIENCE, link_distribution, new_environment, outside_variables, served

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent


def build(target: Path, *options: str) -> Path:
    """Build into `target`; returns the wheel."""
    command = [sys.executable, "-m", "build", *options, "--no-isolation", "--outdir", str(target), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built straight from the checkout."""
    return build(tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` directory of a new environment with the wheel in it and links to what it declares to need."""
    home = tmp_path_factory.mktemp("environment")
    packages = new_environment(home)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True)
    link_dependencies(declared(packages), packages)
    return python.parent


def declared(packages: Path) -> list[Requirement]:
    """What the distribution in `packages` needs without any extra."""
    (found,) = metadata.distributions(name="sim-mockserver", path=[str(packages)])
    needed = [Requirement(line) for line in found.requires or []]
    return [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]


def link_dependencies(needed: list[Requirement], packages: Path) -> None:
    """Make `needed`, and all that they need in turn, importable from `packages`, as installed here."""
    waiting, seen = list(needed), set[tuple[str, str]]()
    while waiting:
        wanted = waiting.pop()
        for extra in ("", *sorted(wanted.extras)):
            if (key := (canonicalize_name(wanted.name), extra)) in seen:
                continue
            seen.add(key)
            found = metadata.distribution(wanted.name)
            assert wanted.specifier.contains(found.version, prereleases=True), f"{found.name} {found.version}: {wanted}"
            link_distribution(found, packages)
            needs = [Requirement(line) for line in found.requires or []]
            waiting += [one for one in needs if one.marker is None or one.marker.evaluate({"extra": extra})]


def call(url: str, body: object = None) -> tuple[int, dict[str, object]]:
    """Status and JSON `data` of a DaisySIM call with the documented demo key; POST when there is a body."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer daisy-demo", "Content-Type": "application/json"}
    with urlopen(Request(url, data, headers), timeout=PATIENCE) as answer:
        content = json.load(answer)
        assert content["success"] is True
        return answer.status, content["data"]


def test_the_wheel_holds_the_scenarios_the_schemas_and_the_tables(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("scenarios", "schemas"):
        kept = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.suffix in {".yaml", ".json"}}
        assert kept
        assert {f"mockserver/{path.as_posix()}" for path in kept} <= names
    files = (path for suffix in ("csv", "json") for path in (ROOT / "mockserver").rglob(f"*.{suffix}"))
    tables = {path.relative_to(ROOT).as_posix() for path in files}
    assert len(tables) >= 15
    assert tables <= names
    assert {"mockserver/py.typed", "mockserver/reach/preload.cjs"} <= names


def test_the_wheel_holds_every_scenario_compiled_and_not_what_compiles_them(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    scenarios = {name for name in names if re.fullmatch(r"mockserver/scenarios/.*\.yaml", name)}
    compiled = {name for name in names if re.fullmatch(r"mockserver/scenarios/.*\.json", name)}
    assert compiled == {name.replace(".yaml", ".json") for name in scenarios}
    assert "mockserver/scenario/build_hook.py" not in names


def test_a_wheel_from_the_source_distribution_is_the_same(wheel: Path, tmp_path: Path) -> None:
    from_source = build(tmp_path)
    assert from_source.name == wheel.name
    assert from_source.read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_nothing_but_the_package(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert len(tops) == 2
    assert tops > {"mockserver"}


EVERY_SCENARIO = """
import sys
from mockserver.resources import bundled
from mockserver.scenario.library import Library

library = Library.of_providers([bundled("scenarios")])
loaded = [library.get(provider, name) for provider, name, _ in library.listing()]
assert not {"yaml", "mockserver.scenario.source"} & set(sys.modules)
from mockserver.scenario.check import load_file

assert loaded == [load_file(path) for _, _, path in library.listing()]
print(len(loaded))
"""


def test_an_installed_package_reads_no_yaml_and_has_the_scenarios_of_the_checkout(
    environment: Path, tmp_path: Path
) -> None:
    program = [str(environment / "python"), "-c", EVERY_SCENARIO]
    done = subprocess.run(program, cwd=tmp_path, env=outside_variables(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) == len(list((ROOT / "scenarios").glob("*/*.yaml")))


def own_files(environment: Path) -> dict[Path, int]:
    """What lies in the installed package, but for byte code, with the time of its last change."""
    (package,) = environment.parent.glob("lib/python*/site-packages/mockserver")
    return {path: path.stat().st_mtime_ns for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def test_a_purchase_works_from_an_environment_with_nothing_but_the_wheel(environment: Path, tmp_path: Path) -> None:
    where = [str(environment / "python"), "-c", "import mockserver; print(mockserver.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=outside_variables(), capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(environment.parent)
    command = [str(environment / "mockserver"), "--port", "0"]
    before = own_files(environment)
    with served(command, directory=tmp_path, variables=outside_variables()) as address:
        base = f"{address}/daisysim.com/api/v1/virtual"
        status, countries = call(f"{base}/countries")
        assert status == 200
        assert countries["countries"]
        _, prices = call(f"{base}/prices", {"country": 6, "service": "wa"})
        tiers = prices["tiers"]
        assert isinstance(tiers, list)
        price = next(tier["price"] for tier in tiers if tier["available"])
        status, bought = call(f"{base}/purchase", {"country": 6, "service": "wa", "price": price})
        assert status == 201
        assert bought["amount_charged"] == price
        assert call(f"{base}/check/{bought['activation_id']}")[1]["status"] == "Waiting"
    assert own_files(environment) == before
