"""Everything that grows in a sandbox has a limit, beyond which it is refused or forgotten; health shows the limit."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mockserver.faults import registry
from mockserver.providers.doctorsim_v2 import idempotency
from mockserver.sandbox import counters, limits, room
from mockserver.sandbox.limits import Limiter
from tests.control.problems import problem_of
from tests.outside import AcmeWorld, acme_running
from tests.support import START, World, running

pytestmark = pytest.mark.anyio
V2 = "/api.doctorsim.com/v2"
KEY = {"Authorization": "Bearer test_demo:sk_demo"}


@pytest.fixture
async def world() -> AsyncIterator[AcmeWorld]:
    async with acme_running(rate_limits="off") as made:
        yield made


@pytest.fixture
async def all_four() -> AsyncIterator[World]:
    """Every provider of the package: HidSim's logins and doctorSIM v2's idempotency keys have bounds of their own."""
    async with running(rate_limits="off") as made:
        yield made


async def arm(world: World, **more: Any) -> Any:
    return await world.control("POST", "/faults", {"provider": "acme", "wire": "reset", "on_demand": True, **more})


async def test_so_many_faults_can_be_armed_and_room_is_made_by_taking_some_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MOST_ARMED", 3)
    for number in range(3):
        assert (await arm(world, name=f"f{number}")).status_code == 201
    assert "at most 3 of armed faults" in problem_of(await arm(world), 409)["detail"]
    assert (await arm(world, name="f1", times=2)).status_code == 201
    assert len((await world.steer("GET", "/faults"))["faults"]) == 3
    await world.control("DELETE", "/faults")
    assert (await arm(world)).status_code == 201


async def test_faults_may_be_written_in_so_many_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MOST_ARMED_BYTES", 10_000)
    long = {"wire": None, "answer": {"status": 503, "body": "x" * 4_000}}
    body = {"provider": "acme", "on_demand": True, "answer": long["answer"]}
    armed = [
        (await world.control("POST", "/faults", {**body, "name": f"f{number}"})).status_code for number in range(3)
    ]
    assert armed == [201, 201, 409]
    assert (await world.control("POST", "/faults", {**body, "name": "f0"})).status_code == 201
    state = await world.steer("GET", "/state")
    await world.steer("PUT", "/state", state)
    assert "10,000 bytes" in problem_of(await world.control("POST", "/faults", body), 409)["detail"]


def scenario(number: int, about: str = "x") -> dict[str, Any]:
    text = f"scenario: s{number}\nprovider: acme\nabout: {about}\nrules: []\n"
    return {"content": text, "headers": {"content-type": "application/yaml"}}


async def post(world: World, number: int, about: str = "x") -> Any:
    return await world.call("POST", "/_mock/scenarios", **scenario(number, about))


async def test_so_many_scenarios_can_be_posted_and_one_takes_the_place_of_its_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_POSTED", 2)
    assert [(await post(world, number)).status_code for number in (1, 2, 1)] == [201, 201, 201]
    assert "at most 2 of posted scenarios" in problem_of(await post(world, 3), 409)["detail"]
    assert "s3" not in {one["name"] for one in (await world.steer("GET", "/scenarios"))["scenarios"]}


async def test_posted_scenarios_may_have_so_many_characters(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_POSTED_TEXT", 5_000)
    assert (await post(world, 1, "x" * 3_000)).status_code == 201
    assert "5,000 characters" in problem_of(await post(world, 2, "x" * 3_000), 409)["detail"]
    assert (await post(world, 1, "y" * 4_000)).status_code == 201


async def test_so_many_machines_are_kept_for_orders_that_may_have_been_born_with_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (await world.steer("GET", "/scenarios/quick"))["files"][0]["yaml"]
    sandbox = world.app.sandboxes.default
    assert sandbox is not None
    monkeypatch.setattr(room, "MOST_MACHINES", len(sandbox.state.machines) + 2)
    answers = []
    for number in range(4):
        changed = text.replace("about: ", f"about: {number} ", 1)
        headers = {"content-type": "application/yaml"}
        answers.append((await world.call("POST", "/_mock/scenarios", content=changed, headers=headers)).status_code)
    assert answers == [201, 201, 409, 409]
    await world.control("POST", "/reset")
    assert (await world.call("POST", "/_mock/scenarios", content=text, headers=headers)).status_code == 201


async def test_counts_of_ever_new_names_are_bounded(world: AcmeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_COUNTERS", 5)
    rule = "{when: {operation: buy}, times: 1, per: [request.service], then: {refuse: OutOfStock}}"
    text = f"scenario: once\nprovider: acme\nabout: Once for each service.\nrules: [{rule}]\n"
    await world.steer("POST", "/scenarios", content=text)
    await world.steer("PUT", "/scenarios/active", ["once"])
    for number in range(12):
        await world.ask("POST", "/orders", {"service": f"x{number}"})
    sandbox = world.app.sandboxes.default
    assert sandbox is not None
    assert len(sandbox.state.counters) == 5
    assert list(sandbox.state.counters)[-1].endswith("/x11")


def test_windows_that_opened_first_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_WINDOWS", 3)
    limiter, minute = Limiter(), timedelta(minutes=1)
    for number, name in enumerate("abc"):
        assert limiter.take(name, calls=1, window=minute, now=START + timedelta(seconds=number)) is None
    # a opens anew, and so it is b that opened first.
    later = START + minute
    assert limiter.take("a", calls=1, window=minute, now=later) is None
    assert limiter.take("d", calls=1, window=minute, now=later) is None
    assert list(limiter.windows()) == ["c", "a", "d"]
    limiter.put_windows({"x": (later, 1), "y": (START, 1), "z": (later, 2), "w": (later, 3)})
    assert set(limiter.windows()) == {"x", "z", "w"}


async def test_failed_logins_of_ever_new_identifiers_leave_so_many_windows(
    all_four: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_WINDOWS", 20)
    for number in range(50):
        body = {"identifier": f"nobody{number}@example.com", "password": "wrong"}
        assert (await all_four.call("POST", "/api.hidsim.com/auth/login", json=body)).status_code == 401
    sandbox = all_four.app.sandboxes.default
    assert sandbox is not None
    assert len(sandbox.state.limiter.windows()) == 20


async def order(all_four: World, key: str) -> Any:
    rates = (await all_four.call("GET", f"{V2}/operators/101/rates", headers=KEY)).json()["data"]["rates"]
    body = {"price_token": rates[0]["token"], "phone": "+522221231231"}
    answer = await all_four.call("POST", f"{V2}/orders", json=body, headers={**KEY, "Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["order_id"]


async def kept_keys(all_four: World) -> list[str]:
    sandbox = all_four.app.sandboxes.default
    assert sandbox is not None
    async with sandbox.work("a test") as work:
        return [row.key for row in await work.tx.scan("doctorsim_v2 idempotency")]


async def test_idempotency_keys_are_forgotten_after_their_day(all_four: World) -> None:
    first = await order(all_four, "one")
    await order(all_four, "two")
    await all_four.advance("23h")
    assert await order(all_four, "one") == first
    await all_four.advance("1h")
    assert await order(all_four, "three") != first
    assert await kept_keys(all_four) == ["test_demo/three"]


async def test_so_many_idempotency_keys_are_kept_the_oldest_go_first(
    all_four: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "MOST_KEPT", 2)
    for key in ("one", "two", "three"):
        await order(all_four, key)
        await all_four.advance("1s")
    assert await kept_keys(all_four) == ["test_demo/three", "test_demo/two"]
    state = await all_four.steer("GET", "/state")
    await all_four.steer("PUT", "/state", state)
    await order(all_four, "four")
    assert await kept_keys(all_four) == ["test_demo/four", "test_demo/three"]


async def test_health_tells_the_bounds_and_what_is_used() -> None:
    async with acme_running(max_sandboxes=7, max_log_bytes=1_000_000, journal_size=50) as world:
        before = (await world.steer("GET", "/health"))["limits"]
        assert before["sandboxes"] == {"used": 0, "most": 7}
        assert before["log_bytes"] == {"used": 0, "most": 1_000_000}
        await world.beside("one").ask("GET", "/balance")
        await world.call("POST", "/_mock/inbox/in", content="x" * 5_000)
        after = (await world.steer("GET", "/health"))["limits"]
        assert after["sandboxes"]["used"] == 1
        assert after["log_bytes"]["used"] > 5_000
        each = after["each_sandbox"]
        assert (each["journal_entries"], each["faults"], each["scenarios"]) == (50, 1_000, 200)


async def test_the_document_about_limits_tells_the_figures_that_hold() -> None:
    text = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
    async with running() as world:
        told = (await world.steer("GET", "/health"))["limits"]
    for name, value in told["each_sandbox"].items():
        assert f"| `{name}` | {value:,} |" in text, name
    assert f"| `sandboxes` | {told['sandboxes']['most']:,} |" in text
    assert f"| `log_bytes` | {told['log_bytes']['most']:,} |" in text
