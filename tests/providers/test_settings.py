"""Every setting of a provider stands in its `settings.py`, once and with its provenance."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import mockserver.providers
from mockserver.engine.delays import Fixed
from mockserver.http.provider import Provider
from mockserver.resources import bundled
from mockserver.scenario.check import load_file
from mockserver.scenario.model import Scenario
from tests.served import PROVIDERS

FOLDER = Path(mockserver.providers.__file__).parent
EACH = pytest.mark.parametrize("provider", PROVIDERS, ids=[provider.name for provider in PROVIDERS])
_WHO_SAYS_SO = re.compile(r"documented|observed|assumed|vendor|RFC|GSMA|reference page", re.IGNORECASE)
#: Names that stand for nothing which could be another way.
_PLAIN = {"NAME", "PROFILE", "SETTINGS"}
#: Numbers that are no knobs: of an algorithm, of how much is read at once, of how a page is set, of a table of facts.
_NO_KNOBS = re.compile(
    r"_BATCH|_PAGE|_SLICE|_MANY|_AT_ONCE|_LANES|_CENT|_SHORT_IDS|_FACTOR|_SHIFT|_SIZE|_EXPONENT|_SLOTS|_MOST_NETWORKS"
    r"|_LEFT|_TOP|_BOTTOM|_LINE|_INDENT|TESTLAND_ID|_(FIRST|LAST)_FREE|_FIRST_\w+_ID|_\w+_STEP|_SHORTEST"
)


def settings_of(provider: Provider) -> ModuleType:
    return import_module(f"mockserver.providers.{provider.name}.settings")


def modules_of(provider: Provider) -> list[Path]:
    return [file for file in sorted((FOLDER / provider.name).rglob("*.py")) if file.name != "settings.py"]


def assignments(file: Path) -> Iterator[tuple[list[str], ast.expr, int]]:
    """The names, the value and the line of each assignment at the top of a module."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            yield [name.id for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)], node.value, node.lineno
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            yield [node.target.id], node.value, node.lineno


def is_knob(value: ast.expr) -> bool:
    """Whether the value is a number, a span, a limit, or a few of these."""
    match value:
        case ast.Constant(value=bool()):
            return False
        case ast.Constant(value=int() | float()):
            return True
        case ast.Tuple(elts=elements):
            return all(is_knob(one) for one in elements) and len(elements) <= 3
        case ast.BinOp(left=left, right=right):
            return is_knob(left) and is_knob(right)
        case ast.Call(func=ast.Name(id="timedelta" | "Limit" | "parse_span" | "Decimal" | "Currency")):
            return True
    return False


@EACH
def test_the_provider_has_the_rows_of_its_settings_module(provider: Provider) -> None:
    settings = settings_of(provider)
    assert provider.settings is settings.SETTINGS
    assert provider.cors is settings.CORS


@EACH
def test_no_other_module_has_a_number_that_could_be_another(provider: Provider) -> None:
    found = [
        f"{file.relative_to(FOLDER)}:{line} {name}"
        for file in modules_of(provider)
        for names, value, line in assignments(file)
        for name in names
        if is_knob(value) and not _NO_KNOBS.fullmatch(name)
    ]
    assert found == []


@EACH
def test_no_other_module_writes_a_host_or_a_header_of_its_own(provider: Provider) -> None:
    hosts = {mount.host for mount in (*provider.mounts, *(annex.mount for annex in provider.annexes))}
    found = []
    for file in modules_of(provider):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if text in hosts or (any(f"//{host}" in text for host in hosts) and "\n" not in text):
                found.append(f"{file.relative_to(FOLDER)}:{node.lineno} {text}")  # type: ignore[attr-defined]
            if re.fullmatch(r"X-(?!Mock-)[\w-]+", text):
                found.append(f"{file.relative_to(FOLDER)}:{node.lineno} {text}")  # type: ignore[attr-defined]
    assert found == []


@EACH
def test_every_knob_says_who_says_so(provider: Provider) -> None:
    """In the comment above it, which may be of several, or in the heading of its section."""
    lines = (FOLDER / provider.name / "settings.py").read_text(encoding="utf-8").split("\n")
    section, comment, silent = "", "", []
    for number, line in enumerate(lines):
        if line.startswith("# -- "):
            section, comment = line, ""
        elif line.startswith("#"):
            fresh = not lines[number - 1].startswith("#")
            comment = line if fresh else f"{comment} {line}"
        elif match := re.match(r"([A-Z][A-Z_0-9]*): Final", line):
            if match[1] not in _PLAIN and not _WHO_SAYS_SO.search(comment + section):
                silent.append(match[1])
    assert silent == []


@EACH
def test_every_knob_is_used(provider: Provider) -> None:
    used = "\n".join(file.read_text(encoding="utf-8") for file in modules_of(provider))
    own = (FOLDER / provider.name / "settings.py").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Z][A-Z_0-9]*): Final", own, re.MULTILINE)
    idle = [name for name in names if not re.search(rf"\b{name}\b", used) and len(re.findall(rf"\b{name}\b", own)) == 1]
    assert idle == []


@EACH
def test_no_span_of_an_orders_life_stands_in_two_scenario_files(provider: Provider) -> None:
    files: dict[tuple[str, ...], list[str]] = {}
    for file in sorted((bundled("scenarios") / provider.name).glob("*.yaml")):
        spans = {
            (machine.kind, state.name, move.on, key, str(delay))
            for machine in load_file(file).machines.values()
            for state in machine.states.values()
            for move in state.transitions
            for key, delay in (
                ("after", move.after),
                ("not_before", move.not_before),
                ("not_after", move.not_after),
                ("sends", move.sends and move.sends.after),
            )
            if isinstance(delay, Fixed)
        }
        for span in spans:
            files.setdefault(span, []).append(file.name)
    assert {span: names for span, names in files.items() if len(names) > 1} == {}


def quick(provider: str) -> Scenario:
    return load_file(bundled("scenarios") / provider / "quick.yaml")


def test_invented_customers_use_values_that_the_default_scenarios_have() -> None:
    from mockserver.providers.doctorsim_v1.settings import TEST_IMEIS
    from mockserver.providers.doctorsim_v2.settings import DEFAULT_ACCOUNT, MAGIC_ENDINGS

    orders = {one.value for one in quick("doctorsim_v1").magic if one.where.startswith("imei of create_order")}
    assert set(TEST_IMEIS) == orders
    endings = {one.value for one in quick("doctorsim_v2").magic if one.where.startswith("end of the recipient")}
    assert {ending for ending, _ in MAGIC_ENDINGS} == endings
    assert quick("doctorsim_v2").accounts[0].id == DEFAULT_ACCOUNT
