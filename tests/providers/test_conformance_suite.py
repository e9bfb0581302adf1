"""The conformance suite finds what a provider of another distribution does wrong, and says which sample it lacks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.distribution import declare
from tests.server.processes import ROOT

pytestmark = pytest.mark.programs
ACME = ROOT / "tests" / "acme"
SUITE = "tests/conformance"
#: What a scenario file declares and the provider does not do, and the text that the suite then says.
UNKEPT = """\
scenario: odd
provider: globex
about: Nothing of it is true.
rules:
  - {name: of-facts, when: {order.colour: red}, then: {never: [sms]}}
  - {name: misspelt, when: {request.servicex: chat}, then: {never: [sms]}}
faults:
  - {name: unheard, webhook: {drop: true}}
magic:
  - {where: service, value: chat, effect: always refused with 503 NO_PIGEONS, provenance: assumed}
  - {where: service, value: mail, effect: answers 418, provenance: assumed}
  - {where: service, value: last, effect: something nice, provenance: assumed}
  - {where: colour, value: red, effect: no SMS ever, provenance: assumed}
"""
#: The tests that judge refusals in ways of their own.
JUDGING = "more_members or credential_of_nobody or preferences or without_a_body or in_the_providers_words"
WRONG = """\
scenario: odd
provider: globex
about: Some names are wrong.
rules:
  - {name: misspelt, when: {request.servicex: chat}, then: {never: [sms]}}
magic:
  - {where: service, value: chat, effect: "after {globex.nosuch}", provenance: assumed}
"""


@pytest.fixture
def globex(tmp_path: Path) -> Path:
    """The folder of a provider `globex` of another distribution, which is Acme by another name."""
    folder = tmp_path / "globex_mock"
    for kind in ("scenarios", "schemas"):
        shutil.copytree(ACME / kind / "acme", folder / kind / "globex")
    for file in ACME.glob("*.py"):
        shutil.copy(file, folder)
    for file in folder.rglob("*.*"):
        file.write_text(file.read_text().replace("tests.acme", "globex_mock").replace("acme", "globex"))
    declare(tmp_path, distribution="globex-mock", globex="globex_mock:PROVIDER")
    return folder


def change(file: Path, changes: Mapping[str, str]) -> None:
    text = file.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def ask(folder: Path, *arguments: str, name: str = "globex") -> tuple[int, str]:
    """Run a part of the suite on globex; the exit code and all that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "MOCKSERVER_CONFORMANCE": name,
            "PYTHONPATH": f"{folder.parent}{os.pathsep}{ROOT}",
            "COLUMNS": "500",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_a_name_that_nobody_has_is_an_error(globex: Path) -> None:
    code, printed = ask(globex, SUITE, name="globexx")
    assert code != 0
    line = "MOCKSERVER_CONFORMANCE: there is no provider 'globexx' (did you mean 'globex'?)"
    assert printed.strip() == f"ERROR: {line}"


@pytest.mark.slow
def test_wrong_declarations_and_files_are_found(globex: Path) -> None:
    change(globex / "rules.py", {'"60s"': '"5 parsecs"', 'kinds=("activation",)': 'kinds=("activation", "esim")'})
    (globex / "scenarios" / "globex" / "odd.yaml").write_text(WRONG)
    code, printed = ask(globex, f"{SUITE}/test_declarations.py")
    assert code != 0
    for text in (
        "provider 'globex', setting 'globex.cancel_after', default: ",
        "provider 'globex', rules, kinds: the scenario quick has no machine for 'esim'",
        "odd.yaml:5:29: no request has a field 'servicex' (did you mean 'service'?)",
        "odd.yaml:7:43: unknown setting: 'globex.nosuch'",
    ):
        assert text in printed


def test_each_promise_of_a_scenario_file_that_is_not_kept_is_found(globex: Path) -> None:
    (globex / "scenarios" / "globex" / "odd.yaml").write_text(UNKEPT)
    change(globex / "rules.py", {"if not account.webhook_url:": "if True:"})
    code, printed = ask(globex, f"{SUITE}/test_rules.py")
    assert code != 0
    lines = printed.splitlines()
    for line in (
        "the samples of globex lack `shaped['buy']`: no field of the request in `asks` is the order.colour of a rule",
        "the samples of globex lack `hear`: no webhook is sent that the fault unheard could strike",
        "the samples of globex lack `signs['last']`: 'something nice' tells no status, code, state or span",
        "the samples of globex lack `magic`: no operation of `placing` has a field 'colour' for the value 'red'",
    ):
        assert line in lines
    for test in (
        "test_each_rule_takes_effect[globex-odd-misspelt]",
        "test_each_magic_value_does_what_its_text_says[globex-odd-service-chat]",
        "test_each_magic_value_does_what_its_text_says[globex-odd-service-mail]",
    ):
        assert any(line.startswith("FAILED") and test in line for line in lines), printed
    assert "can't be reached" in printed
    assert "8 failed" not in lines[-1]
    assert "7 failed" in lines[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({'await work.take_stock(f"globex/{service}", stock=STOCK)': "pass"}, "buy asks no scenario for the stock"),
        ({'f"globex/{service}"': 'f"daisysim/{service}"'}, "buy takes stock whose names do not begin with globex/"),
    ],
    ids=["none", "another's"],
)
def test_stock_that_no_rule_decides_about_is_found(globex: Path, changes: Mapping[str, str], wanted: str) -> None:
    change(globex / "endpoints.py", changes)
    code, printed = ask(globex, f"{SUITE}/test_rules.py", "-k", "obey")
    assert code != 0
    assert wanted in printed


@pytest.mark.slow
def test_samples_that_name_no_operation_that_places_orders_are_found(globex: Path) -> None:
    change(globex / "samples.py", {'placing=frozenset({"buy"}),': "", '"cancel": _ask': '"cancelx": _ask'})
    code, printed = ask(globex, f"{SUITE}/test_rules.py")
    assert code != 0
    lines = printed.splitlines()
    assert "the samples of globex lack `placing`: buy places an order" in lines
    about = "the rule silent-service is about orders, and no operation places any"
    assert f"the samples of globex lack `placing`: {about}" in lines
    assert "the samples of globex lack `asks['cancel']`: each operation needs a request that it accepts" in lines
    (globex / "samples.py").unlink()
    code, printed = ask(globex, f"{SUITE}/test_rules.py", "-k", "place_orders")
    assert code != 0
    assert "globex has no module globex_mock.samples, which holds its samples" in printed.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("media", ["text/plain; charset=utf-8", "application/problem+json"])
def test_refusals_of_any_media_type_are_judged(globex: Path, media: str) -> None:
    change(globex / "__init__.py", {'failure_schema="': f'failure_media="{media}", failure_schema="'})
    change(globex / "errors.py", {"if wording.media == TEXT:": f"if (wording.media or {media!r}) == TEXT:"})
    code, printed = ask(globex, f"{SUITE}/test_refusals.py", f"{SUITE}/test_faults.py", "-k", JUDGING)
    assert code == 0, printed
    change(globex / "errors.py", {"return wording.text.encode()": 'return b""', '"message": ': '"massage": '})
    code, printed = ask(globex, f"{SUITE}/test_faults.py", "-k", "a_status_in_the_providers_words")
    assert code == 1, printed
