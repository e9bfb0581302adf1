"""The Dockerfile's own steps, run in empty directories and environments: no container engine is needed.

A stage is a directory that stands for `/` and an environment that stands for the base image. Each RUN is handed to a
shell as it is written, in the directory that stands for its WORKDIR. Not shown by this: the base image itself, and that
the user of the image may read what root installed. That the server needs to write nothing is: it may write no file.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mockserver.app import create_app
from mockserver.config import load
from tests.installed import PATIENCE, link_distribution, new_environment, outside_variables, served
from tests.served import PROVIDERS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
KNOWN = frozenset({"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"})


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: its word, and the rest of its line."""

    word: str
    rest: str


@dataclass(slots=True)
class Stage:
    """What a stage has come to: `root` stands for `/`, `environment` for the Python of the base image."""

    root: Path
    environment: Path
    image: str
    workdir: str = "/"
    variables: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    def place(self, path: str) -> Path:
        """Where a path of the image lies."""
        return self.root / os.path.normpath(os.path.join(self.workdir, path)).lstrip("/")

    def shell_variables(self) -> dict[str, str]:
        """Nothing of the machine's Python or server settings; the base image's programs first."""
        return outside_variables() | {"PATH": f"{self.environment / 'bin'}:{os.environ['PATH']}", **self.variables}


def steps(text: str) -> list[Step]:
    """The instructions in order; raises ValueError for one that the runner below does not know."""
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    found = [Step(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]
    if unknown := {step.word for step in found} - KNOWN:
        raise ValueError(f"instructions that are not known here: {sorted(unknown)}")
    return found


def build_context(target: Path) -> Path:
    """The files of the checkout that .dockerignore lets through (it refuses all and names exceptions)."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    target.mkdir()
    for name in (rule[1:] for rule in rules if rule[0] == "!"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, target / name)
    return target


def installed_by_the_image() -> set[str]:
    """The names of all distributions that the project needs to be built and to run, and that these need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = project["build-system"]["requires"] + project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    asked += [one for extra, needed in extras.items() if extra != "dev" for one in needed]
    found: set[str] = set()
    while asked:
        wanted = Requirement(asked.pop())
        name = canonicalize_name(wanted.name)
        if name not in found and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            found.add(name)
            asked += metadata.requires(name) or [] if installed(name) else []
    return found


def installed(name: str) -> str | None:
    """The version that is installed here, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def pinned_here() -> bool:
    """Whether every distribution that the image gets is installed here in the version that the lock pins."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned: dict[str, str] = {
        canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines) if version
    }
    return all(
        installed(name) is not None and installed(name) == pinned.get(canonicalize_name(name))
        for name in installed_by_the_image()
    )


def base_image(home: Path) -> Path:
    """An environment with `python` and `pip`.

    Where this machine has the pinned distributions, links to them play the registry, and pip may not ask the real one.
    """
    packages = new_environment(home)
    pip = home / "bin" / "pip"
    offline = pinned_here()
    pip.write_text(
        f"#!/bin/sh\n{'PIP_NO_INDEX=1 ' if offline else ''}PIP_DISABLE_PIP_VERSION_CHECK=1 "
        f'exec {shlex.quote(sys.executable)} -m pip --python {shlex.quote(str(home / "bin" / "python"))} "$@"\n'
    )
    pip.chmod(0o755)
    if offline:
        for found in metadata.distributions():
            if found.name.lower().replace("_", "-") not in {"sim-mockserver", "pip", "setuptools"}:
                link_distribution(found, packages)
    return home


def run_stages(instructions: list[Step], context: Path, work: Path) -> list[Stage]:
    """Carry out every instruction up to the last stage's ENTRYPOINT, only noted, like HEALTHCHECK and USER."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for step in instructions:
        if step.word == "FROM":
            image, *named = re.split(r"\s+AS\s+", step.rest)
            name = named[0] if named else str(len(stages))
            (work / name / "root").mkdir(parents=True)
            stages[name] = stage = Stage(work / name / "root", base_image(work / name / "python"), image)
            continue
        assert stage is not None, f"{step.word} before FROM"
        carry_out(step, stage, context, stages)
    return list(stages.values())


def carry_out(step: Step, stage: Stage, context: Path, stages: Mapping[str, Stage]) -> None:
    match step.word:
        case "WORKDIR":
            stage.workdir = os.path.join(stage.workdir, step.rest)
            stage.place(".").mkdir(parents=True, exist_ok=True)
        case "ENV":
            stage.variables |= dict(part.split("=", 1) for part in shlex.split(step.rest))
        case "COPY":
            copy(step.rest, stage, context, stages)
        case "RUN":
            ran = subprocess.run(
                ["sh", "-c", step.rest],
                cwd=stage.place("."),
                env=stage.shell_variables(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, f"RUN {step.rest}\n{ran.stdout}{ran.stderr}"
        case word:
            stage.facts[word] = step.rest


def copy(rest: str, stage: Stage, context: Path, stages: Mapping[str, Stage]) -> None:
    *sources, target = shlex.split(rest)
    origin = context
    if sources[0].startswith("--from="):
        other = stages[sources.pop(0).removeprefix("--from=")]
        places = [other.place(source) for source in sources]
    else:
        places = [origin / source for source in sources]
    for place in places:
        destination = stage.place(target)
        if place.is_dir():
            shutil.copytree(place, destination, dirs_exist_ok=True)
        else:
            destination = destination / place.name if target.endswith("/") else destination
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place, destination)


def run_healthcheck(stage: Stage, variables: Mapping[str, str]) -> int:
    """The exit code of the image's HEALTHCHECK."""
    command = json.loads(stage.facts["HEALTHCHECK"].partition(" CMD ")[2])
    return subprocess.run(command, env=variables, capture_output=True, check=False, timeout=PATIENCE).returncode


def start_command(stage: Stage, *flags: str) -> list[str]:
    """What `docker run IMAGE FLAGS` runs."""
    return [*json.loads(stage.facts["ENTRYPOINT"]), *flags]


def writing_nothing(command: list[str]) -> list[str]:
    """The command under a shell that forbids it to write a byte into any file."""
    return ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *command]


@pytest.fixture(scope="module")
def dockerfile() -> list[Step]:
    return steps((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def built(dockerfile: list[Step], tmp_path_factory: pytest.TempPathFactory) -> list[Stage]:
    work = tmp_path_factory.mktemp("image")
    return run_stages(dockerfile, build_context(work / "context"), work)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_the_image_is_slim_and_its_second_stage_starts_from_nothing(built: list[Stage]) -> None:
    assert [stage.image for stage in built] == ["python:3.13-slim", "python:3.13-slim"]
    assert not (built[1].root / "build").exists()


def test_the_image_runs_as_a_numbered_user_who_is_not_root(built: list[Stage]) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", built[1].facts["USER"])
    assert built[1].facts["EXPOSE"] == "7460"


def test_the_steps_build_a_server_that_is_healthy_and_stops_when_told(built: list[Stage]) -> None:
    image = built[-1]
    port = free_port()
    variables = image.shell_variables() | {"MOCKSERVER_PORT": str(port), "HOME": "/nonexistent"}
    # Who measures coverage would have the server write a file, which it must not.
    variables = {name: value for name, value in variables.items() if not name.startswith("COVERAGE_")}
    assert run_healthcheck(image, variables) != 0
    with served(writing_nothing(start_command(image)), directory=image.place("."), variables=variables):
        assert run_healthcheck(image, variables) == 0
        request = Request(
            f"http://127.0.0.1:{port}/daisysim.com/api/v1/virtual/balance",
            headers={"Authorization": "Bearer daisy-demo"},
        )
        with urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("flags", [(), ("--clock", "frozen"), ("serve", "--clock", "scaled:60", "--seed", "ci")])
def test_the_image_is_reachable_from_outside_and_healthy_whatever_flags_are_given(
    built: list[Stage], tmp_path: Path, flags: tuple[str, ...]
) -> None:
    image = built[-1]
    port = str(free_port())
    # A proxy for everything, and what an orchestrator says of a service called like the server.
    outer = {"http_proxy": "http://127.0.0.1:9", "MOCKSERVER_PORT": f"tcp://10.96.17.5:{port}"}
    variables = image.shell_variables() | outer | {"HOME": "/nonexistent", "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        start_command(image, *flags, "--port", port),
        cwd=image.place("."),
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert f"on http://127.0.0.1:{port}, listening on 0.0.0.0" in process.stdout.readline()
            assert run_healthcheck(image, variables) == 0
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (
        0,
        "WARNING MOCKSERVER_PORT is ignored: it holds a URL where a number belongs\n",
    )
    assert run_healthcheck(image, variables) == 1


def test_an_instruction_that_the_runner_does_not_know_is_an_error() -> None:
    with pytest.raises(ValueError, match="VOLUME"):
        steps("FROM python:3.13-slim\nVOLUME /data\n")


def test_the_recipe_with_aliases_names_hosts_that_are_served_and_flags_that_exist() -> None:
    text = (ROOT / "docs" / "reach.md").read_text(encoding="utf-8")
    recipe = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    mock, tests = recipe["services"]["mock"], recipe["services"]["tests"]
    flag, port = mock["command"]
    settings = load({flag.removeprefix("--").replace("-", "_"): port}, mock["environment"])
    assert (settings.tls_port, settings.token) == (443, "secret")
    served_hosts = set(create_app(settings).certificates.names())
    aliases = set(mock["networks"]["default"]["aliases"])
    assert aliases <= served_hosts
    assert {mount.host for provider in PROVIDERS for mount in provider.mounts} <= aliases
    assert set(tests["environment"].values()) == {"/tmp/ca.pem"}
