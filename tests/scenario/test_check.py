"""Whole files: the scenario of a good file, and the problems of bad ones."""

from datetime import timedelta
from hashlib import blake2b
from pathlib import Path

import pytest

from mockserver.engine.delays import Fixed, FromSetting, Uniform
from mockserver.engine.effects import Effect
from mockserver.engine.machine import Transition
from mockserver.scenario.check import check_file, check_text, load_file, load_scenario
from mockserver.scenario.model import AccountSeed, Magic
from mockserver.scenario.problems import Problem, ScenarioProblems

PROVIDERS = ("acme", "other")


def said(text: str, *, severity: str | None = None) -> list[str]:
    problems = check_text(text, source="f.yaml", providers=PROVIDERS)
    return [str(problem) for problem in problems if severity in (None, problem.severity)]


def changed(good: str, old: str, new: str) -> str:
    assert good.count(old) == 1, old
    return good.replace(old, new)


def test_a_good_file_is_built_as_written(good: str) -> None:
    scenario = load_scenario(good, source="f.yaml", providers=PROVIDERS)
    assert (scenario.name, scenario.provider, scenario.source, scenario.text) == ("quick", "acme", "f.yaml", good)
    assert scenario.settings == {"acme.cancel_after": "60s"}
    machine = scenario.machines["activation"]
    assert machine.key == f"acme/activation/quick#{blake2b(good.encode()).hexdigest()[:12]}"
    assert (machine.start, list(machine.states)) == ("waiting", ["waiting", "completed", "cancelled"])
    assert machine.shown("waiting") == "Waiting"
    assert not machine.states["waiting"].final
    assert machine.states["cancelled"].final
    assert machine.states["completed"].effects == (
        Effect("cashback"),
        Effect("spend"),
        Effect("webhook", "code.received"),
    )
    second, minute = timedelta(seconds=1), timedelta(minutes=1)
    assert machine.states["waiting"].transitions == (
        Transition("sms", (("completed", 1),), Fixed(8 * second), effects=(Effect("message", "sms"),)),
        Transition("expire", (("cancelled", 1),), Fixed(20 * minute), since="created"),
        Transition("cancel", (("cancelled", 1),), not_before=FromSetting("acme.cancel_after")),
        Transition("outcome", (("completed", 9), ("cancelled", 1)), Uniform(Fixed(50 * second), Fixed(minute))),
    )


def test_rules_accounts_and_magic_are_built_as_written(good: str) -> None:
    scenario = load_scenario(good, source="f.yaml", providers=PROVIDERS)
    silent, upstream, sold = scenario.rules
    assert (silent.name, silent.times, silent.per) == ("silent", 1, ("account", "request.service"))
    assert [(name, matcher.text()) for name, matcher in silent.when] == [
        ("operation", "eq 'purchase'"),
        ("request.service", "eq 'ns'"),
        ("order.country", "in (1, 2)"),
    ]
    assert silent.life() == {"never": ["sms"], "delays": {"expire": "90s"}, "outcomes": {"outcome": "cancelled"}}
    assert (upstream.name, upstream.then, upstream.times, upstream.per) == (
        "quick#2",
        {"refuse": "ProviderError"},
        None,
        (),
    )
    assert (sold.name, sold.when) == ("quick#3", ())
    assert scenario.accounts == (
        AccountSeed(
            "demo",
            {"key": "acme-demo"},
            "100.00",
            "45.20",
            "active",
            "The usual one.",
            {"email": "demo@example.com"},
        ),
        AccountSeed("poor", {"key": "acme-poor"}, "0.10", "0", "active", "", {}),
    )
    assert scenario.magic == (Magic("service", "ns", "No code ever.", "assumed"),)


def test_the_fast_path_builds_the_same(good: str) -> None:
    checked = load_scenario(good, source="f.yaml", check=True, providers=PROVIDERS)
    assert load_scenario(good, source="f.yaml", check=False) == checked
    assert load_scenario(good.encode(), source="f.yaml", check=False) == checked
    assert said(good) == []


# What is wrong, by the piece of the good file that is replaced; the place is that of the finding.
MISTAKES = [
    ("scenario: quick", "scenario: Quick One", "1:11: scenario must be lower-case letters, digits, _ and -"),
    ("provider: acme", "provider: amce", "2:11: unknown provider 'amce' (did you mean 'acme'?)"),
    ("about: Accepted at once.\n", "", "1:1: about is missing"),
    ("about: Accepted at once.", 'about: ""', "3:8: about must not be empty"),
    ("about: Accepted at once.", "about: 12", "3:8: about must be a text in quotes, not 12"),
    ("about: Accepted at once.", "abxout: Accepted.", "3:1: unknown key 'abxout' (did you mean about?)"),
    ("{acme.cancel_after: 60s}", "{acme.cancel_after: [60s]}", "4:31: acme.cancel_after must be a single value"),
    ("{acme.cancel_after: 60s}", "5", "4:11: settings must be an object, not 5"),
    ("  kind: activation\n", "", "6:3: kind is missing in machine"),
    ("  kind: activation", "  kind: an activation", "6:9: kind must be letters, digits, _ and -"),
    ("  start: waiting", "  start: waitng", "7:10: unknown state 'waitng' (did you mean 'waiting'?)"),
    ("  start: waiting", "  start: 1", "7:10: start must be a text in quotes, not 1"),
    (
        "    completed: {",
        "    lost one: {final: true}\n    completed: {",
        "16:5: a state's name is letters, digits, _ and -",
    ),
    ("{shows: Cancelled, final: true, effects: [refund]}", "5", "17:16: cancelled must be an object, not 5"),
    (
        "final: true, effects: [refund]",
        "final: yes, effects: [refund]",
        "17:42: final must be true or false, not 'yes'",
    ),
    ("shows: Waiting", "shows: null", "10:14: shows must be a text, not null"),
    ("shows: Waiting", "show: Waiting", "10:7: unknown key 'show' (did you mean shows?)"),
    ("{on: cancel,", "{", "14:11: on is missing in transitions[2]"),
    ("{on: cancel,", "{on: expire,", "14:16: a second transition on 'expire' in one state"),
    ("{on: cancel,", "{on: can cel,", "14:16: on must be letters, digits, _, - and dots"),
    ("{on: cancel,", "{on: cancel, til: 5s,", "14:24: unknown key 'til' (one of on, to, after,"),
    (
        "since: created, to: cancelled",
        "since: created, to: canceled",
        "13:56: unknown state 'canceled' (did you mean 'cancelled'?)",
    ),
    ("since: created, to: cancelled", "since: created", "13:11: to is missing in transitions[1]"),
    ("since: created, to: cancelled", "since: born, to: cancelled", "13:43: since must be one of entered, created"),
    ("to: {completed: 9, cancelled: 1}", "to: {completed: 9, canceled: 1}", "15:73: unknown state 'canceled'"),
    ("to: {completed: 9, cancelled: 1}", "to: {completed: 9, cancelled: 0}", "15:84: cancelled must be a whole number"),
    ("to: {completed: 9, cancelled: 1}", "to: {completed: 9.0, cancelled: 1}", "15:70: completed must be a whole"),
    ("to: {completed: 9, cancelled: 1}", "to: {completed: true}", "15:70: completed must be a whole number from 1"),
    ("to: {completed: 9, cancelled: 1}", "to: {completed: {fact: 9}}", "15:70: a weight is a whole number from"),
    ("to: {completed: 9, cancelled: 1}", "to: {completed: {setting: a.b}}", "15:70: a weight is a whole number from 1"),
    ("to: {completed: 9, cancelled: 1}", "to: {completed: {is: b}}", "15:70: a weight is a whole number from 1"),
    ("to: {completed: 9, cancelled: 1}", "to: {completed: {fact: a, of: b}}", "15:70: a weight is a whole number"),
    ("to: {completed: 9, cancelled: 1}", "to: {}", "15:58: to must name at least one state"),
    ("to: {completed: 9, cancelled: 1}", "to: [completed]", "15:58: to must be a state, or an object of states"),
    ("after: 8s", "after: soon", "12:28: not a duration: 'soon' (write 90s"),
    ("after: 8s", "after: -8", "12:28: not a duration: -8 (write 90s"),
    ("after: 8s", "after: {unifrm: [1s, 2s]}", "12:28: not a delay: {'unifrm': "),
    ("[50s, 1m]", "[50s, 1x]", "15:48: not a duration: '1x'"),
    ("[50s, 1m]", "[1m, 50s]", "15:32: uniform goes from the shorter to the longer"),
    ("{uniform: [50s, 1m]}", "{lognormal: {median: 1s, sigma: 9}}", "15:32: sigma must be between 0 and 5: 9"),
    ("{uniform: [50s, 1m]}", "{uniform: [1s]}", "15:32: not a delay: "),
    ("effects: [refund]", "effects: [refnd]", "17:58: unknown effect 'refnd' (did you mean 'refund'?)"),
    ("effects: [refund]", "effects: [{fine: 5}]", "17:59: unknown effect 'fine' (one of"),
    ("effects: [refund]", "effects: [message]", "17:58: effect message takes an argument: write {message: ...}"),
    ("effects: [refund]", "effects: [{refund: all}]", "17:59: effect refund takes no argument: write refund"),
    ("effects: [refund]", "effects: [{message: sms, webhook: x}]", "17:58: an effect is a name or {name: argument}"),
    ("effects: [refund]", "effects: refund", "17:57: effects must be a list, not 'refund'"),
    ("[{message: sms}]", "[{message: 5}]", "12:67: message must be a text in quotes, not 5"),
    ("  - name: silent", "  - name: quick#2", "25:5: a second rule is called 'quick#2'"),
    ("  - name: silent", "  - nam: silent", "19:5: unknown key 'nam' (did you mean name?)"),
    ("{in: [1, 2]}", "{inn: [1, 2]}", "21:70: unknown comparison 'inn' (did you mean 'in'?)"),
    ("{in: [1, 2]}", "{in: 1}", "21:74: in takes a list, not 1"),
    ("{in: [1, 2]}", "{in: [[1]]}", "21:75: in[0] must be a text, a number, true or false or null, not a list"),
    ("{in: [1, 2]}", "{gt: many}", "21:74: gt must be a number: 'many'"),
    ("{in: [1, 2]}", "{exists: 1}", "21:78: exists takes true or false, not 1"),
    ("{in: [1, 2]}", "{}", "21:69: a matcher needs a comparison"),
    ("    times: 1", "    times: 0", "22:12: times must be a whole number from 1, not 0"),
    ("    times: 1\n", "", "22:5: per says for whom times counts: add times"),
    ("per: [account, request.service]", "per: account", "23:10: per must be a list, not 'account'"),
    ("per: [account, request.service]", "per: [a, a]", "23:10: per must not name anything twice"),
    ("    then: {refuse: ProviderError}\n", "", "25:5: then is missing in rules[1]"),
    ("{refuse: ProviderError}", "{}", "26:11: then must say something (one of start, delays,"),
    ("{refuse: ProviderError}", "{refuze: ProviderError}", "26:12: unknown key 'refuze' (did you mean refuse?)"),
    ("{refuse: ProviderError}", "{refuse: Tired}", "26:20: refuse must be one of MissingCredential,"),
    ("stock: 0", "stock: -1", "27:37: stock must be a whole number from 0, not -1"),
    ("reprice: true", "reprice: false", "27:49: reprice must be true (leave it out otherwise), not false"),
    ("takes: {uniform: [1s,", "takes: {uniform: [{fact: x},", "27:62: takes cannot be a fact: the order does not"),
    ("takes: {uniform: [1s,", "takes: {uniform: [1x,", "27:73: not a duration: '1x'"),
    ("{start: completed,", "{start: complete,", "27:19: unknown state 'complete' (did you mean 'completed'?)"),
    ("never: [sms]", "never: [mms]", "24:20: unknown event 'mms' (did you mean 'sms'?)"),
    ("delays: {expire: 90s}", "delays: {xpire: 90s}", "24:35: unknown event 'xpire' (did you mean 'expire'?)"),
    ("delays: {expire: 90s}", "delays: {expire: 90x}", "24:43: not a duration: '90x'"),
    ("outcomes: {outcome: cancelled}", "outcomes: {outcome: gone}", "24:69: unknown state 'gone' (one of"),
    ("  - id: demo\n", "  - idd: demo\n", "29:5: unknown key 'idd' (did you mean id?)"),
    ("{id: poor,", "{id: demo,", "37:10: a second account has the id 'demo'"),
    ("{id: poor,", "{id: po/or,", "37:10: id must be letters, digits and . _ @ + -: 'po/or'"),
    ("{key: acme-poor}", "{key: acme-demo}", "37:29: another account has the same credentials"),
    ("{key: acme-poor}", "{key: 12345}", "37:35: key must be a text in quotes"),
    ("{key: acme-poor}", "{}", "37:29: credentials must have at least one part"),
    ('balance: "0.10"', "balance: 0.10", '37:56: balance must be in quotes, like "12.50"'),
    ('balance: "0.10"', 'balance: "0,10"', "37:56: balance must be an amount like 100.00, not negative: '0,10'"),
    ('balance: "0.10"', 'balance: "NaN"', "37:56: balance must be an amount like 100.00"),
    (', balance: "0.10"', "", "37:5: balance is missing in accounts[1]"),
    ("status: active", "status: asleep", "33:13: status must be one of active, suspended,"),
    ("webhook_url: null", "webhook_url: ftp://x", "36:18: webhook_url must be an http:// or https:// address"),
    ("details: {email: demo@example.com}", "details: []", "35:14: details must be an object, not a list"),
    ("provenance: assumed", "provenance: guessed", "39:68: provenance must be one of documented, observed, assumed"),
    ("value: ns,", "value: 7,", "39:29: value must be a text in quotes, not 7"),
    ("magic:\n", "magics: 1\nmagic:\n", "38:1: unknown key 'magics' (one of scenario,"),
]


@pytest.mark.parametrize(("old", "new", "expected"), MISTAKES)
def test_each_mistake_is_said_once_and_where_it_is(good: str, old: str, new: str, expected: str) -> None:
    found = said(changed(good, old, new), severity="error")
    assert len(found) == 1, found
    assert found[0].startswith(f"f.yaml:{expected}")


@pytest.mark.parametrize(("old", "new"), [case[:2] for case in MISTAKES])
def test_the_fast_path_builds_or_says_what_the_full_check_says(good: str, old: str, new: str) -> None:
    text = changed(good, old, new)
    problems: tuple[Problem, ...] = ()
    try:
        load_scenario(text, source="f.yaml", check=False, providers=PROVIDERS)
    except ScenarioProblems as refused:
        problems = refused.problems
    unknown_key = any("unknown key" in message for message in said(text))
    assert unknown_key or {str(problem) for problem in problems} <= set(said(text))


@pytest.mark.parametrize(
    "text", ["5", "[]", "null", "hello", "{}", "scenario: {}", "machine: []", "machines: {}", "rules: [1, [], null]"]
)
def test_data_of_any_shape_is_refused_with_located_problems(text: str) -> None:
    for check in (True, False):
        with pytest.raises(ScenarioProblems) as refused:
            load_scenario(text, source="f.yaml", check=check)
        assert all(str(problem).startswith("f.yaml:1:") for problem in refused.value.problems)


TEN = """\
scenario: quick
provider: amce
about: Ten kinds of mistakes.
colour: red
machine:
  kind: activation
  start: begin
  states:
    waiting:
      transitions:
        - {on: sms, after: 8 seconds, to: completed}
        - {on: outcome, after: 5s, to: {completed: 1, lost: 0}}
        - {on: spin, after: 0s, to: waiting}
        - {on: sink, to: lost}
    completed: {final: true, effects: [cashbak]}
    lost: {}
rules:
  - when: {service: {equals: ns}}
    then: {refuse: Tired, never: [mms]}
accounts:
  - {id: demo, credentials: {key: a}, balance: 12.50, balance: "1.00"}
  - {id: demo, credentials: {key: b}, balance: "1.00", status: *asleep}
"""


def test_a_file_with_many_kinds_of_mistakes_is_told_all_of_them_in_one_go() -> None:
    with pytest.raises(ScenarioProblems) as refused:
        load_scenario(TEN, source="ten.yaml", providers=PROVIDERS)
    found = [(problem.line, problem.column, problem.message.split(" (")[0]) for problem in refused.value.problems]
    assert found == [
        (2, 11, "unknown provider 'amce'"),
        (4, 1, "unknown key 'colour'"),
        (7, 10, "unknown state 'begin'"),
        (11, 28, "not a duration: '8 seconds'"),
        (12, 61, "lost must be a whole number from 1, not 0"),
        (13, 29, "an endless loop: timers lead from state 'waiting' back to it in no time"),
        (15, 40, "unknown effect 'cashbak'"),
        (16, 5, "state 'lost' is neither final nor left by any transition"),
        (18, 22, "unknown comparison 'equals'"),
        (
            19,
            20,
            "refuse must be one of MissingCredential, UnknownCredential, AccountSuspended, AccountLocked, "
            "AccountDisabled, AccountRevoked, AccountDenied, InvalidPrice, OutOfStock, "
            "ProviderError, InternalError, RateLimited, InsufficientBalance, NotFound, not 'Tired'",
        ),
        (19, 35, "unknown event 'mms'"),
        (21, 48, 'balance must be in quotes, like "12.50", so that no digit is lost'),
        (21, 55, "key 'balance' is here twice"),
        (22, 10, "a second account has the id 'demo'"),
        (22, 64, "no aliases: write the value out instead of *asleep"),
    ]
    assert str(refused.value).splitlines()[0] == "ten.yaml:2:11: unknown provider 'amce' (did you mean 'acme'?)"


def test_machine_and_machines_exclude_each_other(good: str) -> None:
    text = changed(good, "rules:\n", "machines: []\nrules:\n")
    assert said(text) == ["f.yaml:18:1: write machine or machines, not both"]


def test_several_machines_are_kept_by_kind_and_a_kind_comes_once() -> None:
    one = "{{kind: {0}, start: a, states: {{a: {{final: true}}}}}}"
    head = "scenario: two\nprovider: acme\nabout: Two.\nmachines:\n"
    fine = load_scenario(f"{head}  - {one.format('x')}\n  - {one.format('y')}\n", source="f.yaml")
    assert list(fine.machines) == ["x", "y"]
    assert said(f"{head}  - {one.format('x')}\n  - {one.format('x')}\n") == [
        "f.yaml:6:12: a second machine of kind 'x'"
    ]


def test_without_a_machine_rules_may_name_any_state_and_event() -> None:
    text = "scenario: slow\nprovider: acme\nabout: Slow.\nrules: [{then: {start: any, never: [sms]}}]\n"
    assert said(text) == []


def test_a_file_that_is_not_there_has_one_located_problem(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    [problem] = check_file(missing, PROVIDERS)
    assert str(problem) == f"{missing}:1:1: cannot be read: No such file or directory"
    [problem] = check_file(str(tmp_path), PROVIDERS)
    assert problem.message == "cannot be read: Is a directory"


def test_a_file_of_another_name_than_its_scenario_is_only_a_warning(tmp_path: Path, good: str) -> None:
    (tmp_path / "quick.yaml").write_text(good, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(good, encoding="utf-8")
    assert check_file(tmp_path / "quick.yaml", PROVIDERS) == []
    [problem] = check_file(tmp_path / "mine.yaml", PROVIDERS)
    assert (problem.line, problem.column, problem.severity) == (1, 11, "warning")


def test_a_file_is_refused_under_another_place_than_its_own(tmp_path: Path, good: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(good, encoding="utf-8")
    assert load_file(path, place=("acme", "quick")).name == "quick"
    with pytest.raises(ScenarioProblems, match=r"1:11: scenario must be 'mine', as the file's path says, not 'quick'"):
        load_file(path, place=("acme", "mine"))
