"""The control API words all its refusals alike: lower case, the rule, the value, a suggestion."""

from typing import Any

import pytest

from mockserver.control.app import OPERATIONS
from mockserver.control.wording import with_suggestions, word
from mockserver.http.checking import Checker
from tests.control.problems import problem_of
from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        (
            "PUT",
            "/clock",
            {"mode": "freeze"},
            "mode: must be one of real, frozen, scaled: 'freeze' (did you mean 'frozen'?)",
        ),
        (
            "POST",
            "/clock/advance",
            {"until": "idel"},  # codespell:ignore
            "until: must be one of idle: 'idel' (did you mean 'idle'?)",
        ),  # codespell:ignore
        ("PUT", "/clock", {"rate": -1}, "rate: must be at least 0: -1"),
        ("PUT", "/clock", {"rate": "60"}, "rate: must be a number: '60'"),
        ("PUT", "/clock", {"moed": "real"}, "moed: unknown member (did you mean 'mode'?)"),
        ("PUT", "/clock", [], "body: must be an object: a list"),
        (
            "PATCH",
            "/accounts/acme/demo",
            {"status": "suspend"},
            "status: must be one of active, suspended, locked, disabled, revoked, denied: 'suspend'"
            " (did you mean 'suspended'?)",
        ),
        (
            "PATCH",
            "/settings",
            {"rate_limits": "of"},
            "rate_limits: must be one of 'documented', 'off': 'of' (did you mean 'off'?)",
        ),
        (
            "POST",
            "/sandboxes",
            {"clock": {"mdoe": "frozen"}},  # codespell:ignore
            "clock.mdoe: unknown member (did you mean 'mode'?)",  # codespell:ignore
        ),
        ("POST", "/accounts/acme", {"id": "!"}, "id: must match ^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$: '!'"),
        (
            "PATCH",
            "/accounts/acme/demo",
            {"balanc": "1"},
            "balanc: cannot be changed; changeable are balance, status, webhook_url, total_spent, email"
            " (did you mean 'balance'?)",
        ),
        ("POST", "/faults", {"wire": "reset", "times": 0}, "times: must be a whole number from 1: 0"),
        (
            "POST",
            "/faults",
            {"wire": "rset"},
            'wire: must be reset, empty, garbage, {"cut": 0.4} (below 1) or {"drip": "10B/s"}, not \'rset\''
            " (did you mean 'reset'?)",
        ),
        (
            "POST",
            "/faults",
            {"delay": "1s", "clock": "sandbx"},
            "clock: must be one of real, sandbox: 'sandbx' (did you mean 'sandbox'?)",
        ),
        (
            "POST",
            "/faults",
            {"answer": {"status": 20}},
            "answer.status: must be a whole number from 200 to 599, not 20",
        ),
        ("PUT", "/inbox/codes", {"status": 600}, "status: must not be greater than 599: 600"),
        ("POST", "/sandboxes", {"scenarios": [True]}, "scenarios.0: must be a text: true"),
        ("POST", "/sandboxes", {"name": ""}, "name: must not be empty"),
    ],
)
async def test_a_broken_rule_is_told_with_the_value(
    world: AcmeWorld, method: str, path: str, body: Any, detail: str
) -> None:
    problem = problem_of(await world.control(method, path, body), 422)
    assert problem["detail"].startswith(detail)


async def test_the_value_of_a_secret_is_not_repeated(world: AcmeWorld) -> None:
    answer = await world.control("POST", "/accounts/acme", {"id": "new", "credentials": {"key": 12345}})
    assert answer.status_code == 422
    assert "12345" not in answer.text


def test_every_body_of_the_control_api_is_refused_in_lower_case() -> None:
    for operation in OPERATIONS:
        if operation.takes is not None:
            bodies: list[Any] = [5, {}, {"unknown": 1}, {name: {} for name in operation.takes.get("properties", {})}]
            checker = Checker(dict(operation.takes), word=word)
            errors = [with_suggestions(checker.check(body), operation.takes) for body in bodies]
            texts = [text for each in errors for messages in each.values() for text in messages]
            assert all(text[0].islower() and not text.endswith(".") for text in texts), texts
