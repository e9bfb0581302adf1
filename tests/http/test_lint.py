"""Valid scenario files with names that their provider does not know."""

from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given

from mockserver.cli.providers import scenario_judge
from mockserver.http.lint import judge_of
from mockserver.http.schemas import SchemaStore
from mockserver.resources import bundled
from mockserver.sandbox.settings import COMMON, SettingsTable
from mockserver.scenario.check import Judge, check_file, check_text
from mockserver.scenario.library import Library
from tests import acme
from tests.distribution import declare
from tests.scenario.test_any_data import damaged
from tests.served import PROVIDERS

HEAD = "scenario: odd\nprovider: acme\nabout: Odd.\n"
MACHINE = "machine: {{kind: {}, start: a, states: {{a: {{final: true, {}}}}}}}"
BUNDLED = sorted(bundled("scenarios").rglob("*.yaml"))
SETTING = "transitions: [{on: x, to: a, not_after: {setting: y}}]"
SENDS = "transitions: [{on: x, to: a, stay: true, sends: {event: z, after: {setting: y}}}]"
WEIGHT = "transitions: [{{on: x, to: {{a: {{setting: {}, is: {}}}}}}}]"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Acme is a provider of another distribution."""
    monkeypatch.syspath_prepend(declare(tmp_path / "installed", acme="tests.acme:PROVIDER"))


def said(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "odd.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    found = check_file(file, ["acme"], judge=scenario_judge())
    return [f"{one.line}:{one.column} {one.severity} {one.message}" for one in found]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("settings: {acme.cancel_aftr: 5m}", "4:12 error unknown setting: 'acme.cancel_aftr'"),
        (
            'magic: [{where: key, value: x, effect: "after {acme.cancel}", provenance: assumed}]',
            "4:40 error unknown setting: 'acme.cancel'",
        ),
        (
            'magic: [{where: key, value: x, effect: "after {acme.cancel_after", provenance: assumed}]',
            "4:40 warning '{acme.cancel_after' names no setting (write {PROVIDER.SETTING})",
        ),
        (
            'magic: [{where: key, value: x, effect: "after {x}", provenance: assumed}]',
            "4:40 warning '{x}' names no setting (write {PROVIDER.SETTING})",
        ),
        ("settings: {rate_limits: none}", "4:25 error setting rate_limits: must be one of 'documented', 'off': 'none'"),
        ('accounts: [{id: a, credentials: {kex: x}, balance: "1"}]', "4:33 error the parts of a credential are key"),
        ('accounts: [{id: a, credentials: {key: x}, balance: "1.001"}]', "4:52 error 1.001 has more than 2"),
        (
            "rules: [{when: {operation: buyy}, then: {stock: 0}}]",
            "4:28 warning no operation is called 'buyy' (did you mean 'buy'?)",
        ),
        (
            "rules: [{when: {operation: [buy, balanse]}, then: {stock: 0}}]",
            "4:28 warning no operation is called 'balanse' (did you mean 'balance'?)",
        ),
        (
            "rules: [{when: {operation: {like: z*}}, then: {stock: 0}}]",
            "4:28 warning no operation is like this: like 'z*' (one of ",
        ),
        (
            'accounts: [{id: a, credentials: {key: x}, balance: "1", details: {email: 7}}]',
            "4:74 error of the details, email must be of the same type as 'a@example.com': 7",
        ),
        (
            'accounts: [{id: a, credentials: {key: x}, balance: "1", details: {emial: x}}]',
            "4:74 error of the details, emial is not known (",
        ),
        (
            "rules: [{when: {request.servic: chat}, then: {stock: 0}}]",
            "4:17 warning no request has a field 'servic' (did",
        ),
        ("rules: [{when: {account.id: demo}, then: {stock: 0}}]", "4:17 warning nothing is called 'account.id' ("),
        (
            "rules: [{then: {never: [smss]}}]",
            "4:25 warning the machine of quick has no event 'smss' (did you mean 'sms'?)",
        ),
        ("rules: [{then: {delays: {smss: 1s}}}]", "4:26 warning the machine of quick has no event 'smss' (did"),
        ("rules: [{then: {start: moon}}]", "4:24 warning the machine of quick has no state 'moon' (one of waiting, "),
        ("rules: [{then: {outcomes: {sms: moon}}}]", "4:33 warning the machine of quick has no state 'moon' ("),
        (
            "faults: [{operation: buyy, wire: reset}]",
            "4:22 warning no operation is called 'buyy' (did you mean 'buy'?)",
        ),
        (
            "faults: [{event: sent, webhook: {drop: true}}]",
            "4:18 warning no webhook has the event 'sent' (there is only 'order.completed')",
        ),
        (
            "faults: [{state: {like: wairing*}, wire: reset}]",
            "4:18 warning no state is like this: like 'wairing*' (one of waiting, ",
        ),
        (
            "faults: [{state: [waiting, complted], wire: reset}]",  # codespell:ignore
            "4:18 warning no state is called 'complted' (did you mean 'completed'?)",
        ),
        (
            "faults: [{path: /ordrs, wire: reset}]",
            "4:17 warning no endpoint has a path like '/ordrs' (did you mean '/orders'?)",
        ),
        (
            "faults: [{method: PSOT, wire: reset}]",  # codespell:ignore
            "4:19 warning no request has the method 'PSOT' (did you mean 'POST'?)",
        ),
        (
            "faults: [{body: {servce: x}, wire: reset}]",  # codespell:ignore
            "4:18 warning no endpoint takes a field 'servce' in its body (did you mean 'service'?)",
        ),
        (
            "faults: [{query: {servce: x}, wire: reset}]",  # codespell:ignore
            "4:19 warning no endpoint takes a field 'servce' in its query (",
        ),
        (MACHINE.format("loan", "effects: []"), "4:17 warning no order is of kind 'loan' (there is only 'activation')"),
        (
            MACHINE.format("activation", "effects: [{webhook: order.completxd}]"),
            "4:75 warning the provider has no webhook 'order.completxd' (did you mean 'order.completed'?)",
        ),
        (MACHINE.format("activation", SETTING), "4:105 error unknown setting: 'y'"),
        (
            "rules: [{then: {takes: {setting: acme.cancel_aftr}}}]",
            "4:24 error unknown setting: 'acme.cancel_aftr' (",
        ),
        ("rules: [{then: {delays: {sms: {setting: y}}}}]", "4:31 error unknown setting: 'y'"),
        ("rules: [{then: {delays: {sms: {setting: rate_limits}}}}]", "4:31 error 'rate_limits' is no duration"),
        ("rules: [{then: {takes: {uniform: [1s, {setting: y}]}}}]", "4:24 error unknown setting: 'y'"),
        ("faults: [{delay: {setting: y}}]", "4:18 error unknown setting: 'y'"),
        ("faults: [{delay: {setting: accept_any_key}}]", "4:18 error 'accept_any_key' is no duration"),
        ("faults: [{webhook: {delay: {setting: y}}}]", "4:28 error unknown setting: 'y'"),
        (
            MACHINE.format("activation", SETTING.replace("y}", "rate_limits}")),
            "4:105 error 'rate_limits' is no duration",
        ),
        (MACHINE.format("activation", SENDS), "4:131 error unknown setting: 'y'"),
        (MACHINE.format("activation", WEIGHT.format("y", "z")), "4:95 error unknown setting: 'y'"),
        (
            MACHINE.format("activation", WEIGHT.format("rate_limits", "never")),
            "4:95 error setting rate_limits: must be one of 'documented'",
        ),
    ],
)
def test_names_that_the_provider_does_not_know_are_told_with_their_place(
    text: str, message: str, tmp_path: Path
) -> None:
    (found,) = said(tmp_path, f"{text}\n")
    assert found.startswith(message), found


def test_names_that_it_does_not_know_are_told_beside_the_errors_of_the_file(tmp_path: Path) -> None:
    text = """\
settings: {acme.cancel_aftr: 5m}
rulez: []
rules: [{when: {request.servic: chat}, then: {never: [smss], delays: soon}}]
faults: [7, {event: sent, webhook: {drop: true}}]
"""
    assert [line.partition(" (")[0] for line in said(tmp_path, text)] == [
        "4:12 error unknown setting: 'acme.cancel_aftr'",
        "5:1 error unknown key 'rulez'",
        "6:17 warning no request has a field 'servic'",
        "6:55 warning the machine of quick has no event 'smss'",
        "6:70 error delays must be an object, not 'soon'",
        "7:10 error faults[0] must be an object, not 7",
        "7:21 warning no webhook has the event 'sent'",
    ]


def test_a_wrong_effect_does_not_shift_the_place_of_the_next_one(tmp_path: Path) -> None:
    text = MACHINE.format("activation", "effects: [refnd, {webhook: order.completxd}]")
    assert [line.partition(" (")[0] for line in said(tmp_path, f"{text}\n")] == [
        "4:75 error unknown effect 'refnd'",
        "4:82 warning the provider has no webhook 'order.completxd'",
    ]


def test_a_file_whose_machine_is_none_is_not_judged_by_that_of_the_default(tmp_path: Path) -> None:
    (found,) = said(tmp_path, "machine: 7\nrules: [{then: {never: [ring]}}]\n")
    assert found.startswith("4:10 error machine must be an object")


def test_an_operation_with_several_paths_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    text = "scenario: odd\nprovider: doctorsim_v2\nabout: Odd.\nfaults: [{operation: zzz, wire: reset}]\n"
    file.write_text(text, encoding="utf-8")
    (found,) = check_file(file, ["doctorsim_v2"], judge=scenario_judge())
    assert found.message.count(" countries,") == 1


def test_details_that_nobody_has_are_told_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    account = '{id: a, credentials: {key: k, secret: s}, balance: "1", details: {mode: bogus}}'
    file.write_text(f"provider: doctorsim_v1\nscenario: odd\nabout: x\naccounts: [{account}]\n", encoding="utf-8")
    (found,) = check_file(file, ["doctorsim_v1"], judge=scenario_judge())
    message = "of the details, mode must be one of sandbox, production: 'bogus'"
    assert (found.line, found.column, found.message) == (4, 84, message)


def test_names_that_it_knows_are_fine(tmp_path: Path) -> None:
    when = "{operation: [buy], request.service: chat, order.label: x, account: demo}"
    assert said(tmp_path, f"rules: [{{when: {when}, then: {{never: [sms]}}}}]\n") == []
    faults = "[{operation: buy, state: {ne: completed}, wire: reset}, {event: order.completed, webhook: {drop: true}}]"
    assert said(tmp_path, f"faults: {faults}\n") == []


@pytest.mark.parametrize("file", BUNDLED, ids=[f"{file.parent.name}/{file.stem}" for file in BUNDLED])
def test_the_bundled_scenarios_have_nothing_to_complain_about(file: Path) -> None:
    assert check_file(file, [one.name for one in PROVIDERS], judge=scenario_judge()) == []


@lru_cache(maxsize=1)
def acme_judge() -> Judge:
    library = Library.of_providers([Path(acme.__file__).parent / "scenarios"], providers=["acme"])
    schemas = SchemaStore(Path(acme.__file__).parent / "schemas")
    settings = SettingsTable((*COMMON, *acme.PROVIDER.settings))
    return judge_of({"acme": acme.PROVIDER}.get, settings, schemas, library)


@given(damaged())
def test_damaged_data_is_judged_without_another_exception(text: str) -> None:
    problems = check_text(text, source="f.yaml", judge=acme_judge())
    assert {str(problem) for problem in check_text(text, source="f.yaml") if problem.severity == "error"} <= {
        str(problem) for problem in problems
    }
