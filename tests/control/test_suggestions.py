"""An unknown name is refused with a suggestion of the name that was meant."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mockserver.app import App
from tests.control.problems import problem_of
from tests.outside import AcmeWorld
from tests.support import World, frozen_settings, started

pytestmark = pytest.mark.anyio


@pytest.fixture
async def all_four() -> AsyncIterator[World]:
    """A frozen sandbox of every provider."""
    async with started(App(frozen_settings(rate_limits="off"))) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "meant"),
    [
        ("PUT", "/scenarios/active", ["nosms"], 422, "no-sms"),
        ("POST", "/sandboxes", {"scenarios": ["nosms"]}, 422, "no-sms"),
        ("GET", "/scenarios/nosms", None, 404, "no-sms"),
        ("GET", "/accounts/Acme/demo", None, 404, "acme"),
        ("GET", "/orders?provider=acmee", None, 404, "acme"),
        ("GET", "/accounts/acme/dmeo", None, 404, "demo"),
        ("GET", "/ledger/acme/acme-dem", None, 404, "acme-demo"),
        ("GET", "/machines/acme/activations", None, 404, "activation"),
        ("PATCH", "/settings", {"rate_limit": "off"}, 422, "rate_limits"),
        ("PATCH", "/settings", {"acme.cancel_aftr": "1s"}, 422, "acme.cancel_after"),
        ("PUT", "/clock", {"moed": "real"}, 422, "mode"),
        ("POST", "/clock/advance", {"untill": "idle"}, 422, "until"),  # codespell:ignore
        ("POST", "/sandboxes", {"settigns": {}}, 422, "settings"),  # codespell:ignore
        ("POST", "/faults", {"wire": "reset", "provider": "Acme"}, 422, "acme"),
        ("POST", "/faults", {"wire": "reset", "operation": "cancels"}, 422, "cancel"),
        ("POST", "/faults", {"wire": "reset", "account": "dmeo"}, 422, "demo"),
        ("POST", "/faults", {"wire": "reset", "acount": "demo"}, 422, "account"),  # codespell:ignore
        ("POST", "/faults", {"answer": {"mistake": "RateLimit"}}, 422, "RateLimited"),
        ("POST", "/faults", {"answer": {"status": 503, "boddy": ""}}, 422, "body"),  # codespell:ignore
        ("GET", "/orders?state=completd", None, 422, "completed"),  # codespell:ignore
        ("GET", "/requests?operaton=show", None, 422, "operation"),  # codespell:ignore
    ],
)
async def test_the_name_that_was_meant_is_told(
    world: AcmeWorld, method: str, path: str, body: Any, status: int, meant: str
) -> None:
    problem = problem_of(await world.control(method, path, body), status)
    assert f"did you mean {meant!r}?" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/accounts/daisysm/demo", None),
        ("POST", "/accounts/daisysm", {"id": "new"}),
        ("GET", "/ledger/daisysm/demo", None),
        ("GET", "/orders/daisysm/1", None),
        ("GET", "/orders?provider=daisysm", None),
        ("GET", "/machines/daisysm/activation", None),
        ("GET", "/openapi/daisysm.json", None),
        ("GET", "/events/daisysm", None),
        ("POST", "/events/daisysm", {"event": "rotate_key"}),
        ("POST", "/faults", {"provider": "daisysm", "wire": "reset"}),
        ("POST", "/populate", {"orders": 1, "providers": ["daisysm"]}),
        ("GET", "/requests?provider=daisysm", None),
        ("POST", "/requests/count", {"provider": "daisysm"}),
        ("POST", "/scenarios", {"scenario": "mine", "provider": "daisysm", "about": "A.", "teaches": "B."}),
    ],
)
async def test_wherever_a_provider_is_named_the_one_that_was_meant_is_told(
    all_four: World, method: str, path: str, body: Any
) -> None:
    answer = await all_four.control(method, path, body)
    problem_of(answer, 422 if answer.status_code == 422 else 404)
    assert "did you mean 'daisysim'?" in answer.text


async def test_a_snapshot_of_a_provider_that_nobody_knows_tells_which_was_meant(all_four: World) -> None:
    snapshot = await all_four.steer("GET", "/state")
    snapshot["scenarios"]["kept"][0]["provider"] = "daisysm"
    problem = problem_of(await all_four.control("PUT", "/state", snapshot), 422)
    assert "unknown provider: 'daisysm' (did you mean 'daisysim'?)" in problem["detail"]
    snapshot = await all_four.steer("GET", "/state")
    snapshot["tables"]["accounts"]["daisysim/demo"]["provider"] = "daisysm"
    problem = problem_of(await all_four.control("PUT", "/state", snapshot), 422)
    assert "must be of a known provider: 'daisysm' (did you mean 'daisysim'?)" in problem["detail"]


async def test_an_event_that_no_state_takes_is_told_with_the_one_that_was_meant(world: AcmeWorld) -> None:
    order = await world.rent()
    for event, hint in (("smss", "(did you mean 'sms'?)"), ("quux", "")):
        answer = await world.control("POST", f"/orders/acme/{order}/events", {"event": event})
        assert problem_of(answer, 409)["detail"] == f"event {event!r} is not taken in state 'waiting' {hint}".strip()


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/accounts/DaisySIM/demo", "daisysim"), ("/ledger/hidsim/partner@example.org", "partner@example.com")],
)
async def test_of_several_providers_the_one_that_was_meant_is_told(all_four: World, path: str, meant: str) -> None:
    assert f"did you mean {meant!r}?" in problem_of(await all_four.control("GET", path), 404)["detail"]


async def test_a_fault_for_a_public_part_strikes_that_account_of_that_provider(all_four: World) -> None:
    """Several providers have an account `poor`."""
    made = await all_four.steer("POST", "/faults", {"account": "daisy-poor", "answer": {"status": 503}})
    assert (made["provider"], made["account"]) == ("daisysim", "poor")
    assert (await all_four.daisy("GET", "/balance", key="daisy-poor")).status_code == 503
    assert (await all_four.daisy("GET", "/balance")).status_code == 200
    named = await all_four.steer("POST", "/faults", {"account": "poor", "wire": "reset"})
    assert "provider" not in named


async def test_settings_with_help_tell_value_default_and_help(world: AcmeWorld) -> None:
    described = await world.steer("GET", "/settings?help=1")
    assert described.keys() == (await world.steer("GET", "/settings")).keys()
    assert all({"value", "default", "help"} <= row.keys() for row in described.values())
    assert await world.steer("GET", "/settings?help=0") == await world.steer("GET", "/settings")
    assert "must be 1 or 0" in problem_of(await world.control("GET", "/settings?help=please"), 422)["detail"]
