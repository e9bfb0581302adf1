"""Explanations of faults: which struck, which matched but did not strike and why, which nearly matched."""

from typing import Any

import httpx
import pytest

from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio


async def arm(world: AcmeWorld, **fault: Any) -> None:
    await world.steer("POST", "/faults", fault)


async def told(world: AcmeWorld, answer: httpx.Response) -> dict[str, Any]:
    """The explanation of a request."""
    entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    explanation: dict[str, Any] = entry["explanation"]
    return explanation


async def story(world: AcmeWorld, order: str) -> dict[str, Any]:
    explanation: dict[str, Any] = (await world.order(order))["explanation"]
    return explanation


def reasons(rows: list[dict[str, Any]]) -> dict[str, str | None]:
    """Name of each fault to what spared the request, None where it struck."""
    return {row["fault"]: row.get("why") for row in rows}


async def test_a_request_tells_what_struck_it_and_why_the_others_did_not(world: AcmeWorld) -> None:
    await arm(world, name="once", times=1, about="The first call is refused.", answer={"status": 503})
    await arm(world, name="brief", until="5s", answer={"status": 500})
    await arm(world, name="rare", chance=0.000001, answer={"status": 502})
    first = (await told(world, await world.ask("GET", "/balance")))["faults"]
    assert reasons(first) == {
        "once": None,
        "brief": "decided before: answer by once",
        "rare": first[2]["why"],
    }
    assert first[0]["source"] == "armed"
    assert (first[0]["number"], first[0]["times"], first[0]["answer"]) == (1, 1, {"status": 503})
    assert first[0]["about"] == "The first call is refused."
    assert first[2]["why"].startswith("chance 1e-06, and the dice said 0.")
    assert first[2]["dice"]["chance"] == 0.000001
    assert f"{first[2]['dice']['fell']:.4f}" in first[2]["why"]
    await world.advance("5s")
    second = (await told(world, await world.ask("GET", "/balance")))["faults"]
    assert reasons(second) == {
        "once": "used up: 1 time",
        "brief": "over since 2026-01-31T12:00:05Z",
        "rare": next(row["why"] for row in second if row["fault"] == "rare"),
    }
    assert not any(row["hit"] for row in second)


async def test_a_fault_that_nearly_matched_tells_its_differences_nearest_first(world: AcmeWorld) -> None:
    bought = await world.rent()
    await arm(world, name="later", path="/orders/*", state="completed", wire="reset")
    await arm(world, name="asked-for", on_demand=True, method="GET", wire="reset")
    await arm(world, name="other-call", method="GET", path="/orders/*/cancel", wire="reset")
    await arm(world, name="anything-asked-for", on_demand=True, wire="reset")
    await arm(world, name="far", method="PUT", operation="cancel", account="poor", wire="reset")
    await world.steer("POST", "/faults", {"webhook": {"drop": True}})
    explained = await told(world, await world.ask("GET", f"/orders/{bought}"))
    assert explained["faults"] == []
    assert [(miss["fault"], miss["differences"]) for miss in explained["fault_near_misses"]] == [
        ("later", [{"name": "state", "wanted": "eq 'completed'", "found": "waiting"}]),
        ("asked-for", [{"name": "Prefer", "wanted": "mock-fault=asked-for", "found": "(absent)"}]),
        (
            "other-call",
            [
                {"name": "path", "wanted": "/orders/*/cancel", "found": f"/orders/{bought}"},
            ],
        ),
    ]


async def test_secrets_are_not_told_in_the_differences_of_faults(world: AcmeWorld) -> None:
    await arm(world, name="a", method="POST", body={"secret": "abc"}, wire="reset")
    await arm(world, name="b", method="POST", body={"user": "x"}, wire="reset")
    answer = await world.ask("POST", "/orders", {"secret": "def", "user": {"password": "ghi", "id": 1}})
    misses = (await told(world, answer))["fault_near_misses"]
    assert [miss["differences"] for miss in misses] == [
        [{"name": "body.secret", "wanted": "[redacted]", "found": "[redacted]"}],
        [{"name": "body.user", "wanted": "eq 'x'", "found": {"password": "[redacted]", "id": 1}}],
    ]


async def test_an_order_tells_the_faults_that_struck_calls_about_it_though_they_were_not_worked_on(
    world: AcmeWorld,
) -> None:
    bought = await world.rent()
    other = await world.rent()
    await arm(world, name="down", times=2, answer={"mistake": "ProviderError"})
    struck = [await world.ask("GET", f"/orders/{one}") for one in (bought, other)]
    await world.ask("GET", f"/orders/{bought}")
    explained = await story(world, bought)
    (row,) = explained["faults"]
    assert row["request"] == struck[0].headers["x-mock-request-id"]
    assert (row["fault"], row["number"], row["answer"]) == ("down", 1, {"mistake": "ProviderError"})
    assert [one["mistake"] for one in explained["requests"][1:]] == ["ProviderError", None]


async def test_an_order_tells_what_faults_made_of_its_webhooks(world: AcmeWorld) -> None:
    inbox = f"{world.client.base_url}/_mock/inbox/codes"
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": inbox})
    await arm(world, name="lost", times=1, webhook={"drop": True})
    await arm(world, name="rare", chance=0.000001, webhook={"duplicate": True})
    await arm(world, name="else", account="demo", event="order.failed", webhook={"delay": "1m"})
    first, second = [await world.rent() for _ in range(2)]
    await world.advance("8s")
    explained = await story(world, first)
    (sent,) = explained["story"][1]["deliveries"]
    assert (sent["state"], sent["faults"], sent["hostile"]) == ("dropped", ["lost"], {"drop": True})
    lost, rare = explained["faults"]
    assert (lost["delivery"], lost["event"], lost["source"]) == (sent["id"], "order.completed", "armed")
    assert (lost["hit"], lost["webhook"], lost["number"]) == (True, {"drop": True}, 1)
    assert (rare["hit"], rare["dice"]["chance"]) == (False, 0.000001)
    (miss,) = explained["fault_near_misses"]
    assert miss["delivery"] == sent["id"]
    assert miss["differences"] == [{"name": "event", "wanted": "eq 'order.failed'", "found": "order.completed"}]
    explained = await story(world, second)
    assert reasons(explained["faults"])["lost"] == "used up: 1 time"
    (sent,) = explained["story"][1]["deliveries"]
    assert (sent["faults"], sent["hostile"]) == ([], {})


async def test_one_that_overtook_another_says_which(world: AcmeWorld) -> None:
    inbox = f"{world.client.base_url}/_mock/inbox/codes"
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": inbox})
    await arm(world, name="swap", webhook={"reorder": True})
    first, second = [await world.rent() for _ in range(2)]
    await world.advance("8s")
    (held,), (overtaking,) = [(await story(world, one))["faults"] for one in (first, second)]
    assert "overtook" not in held
    assert overtaking["overtook"] == held["delivery"]


async def test_of_many_faults_that_are_used_up_a_request_tells_the_latest(world: AcmeWorld) -> None:
    for number in range(8):
        await arm(world, name=f"f{number}", times=1, answer={"status": 503})
    for _ in range(8):
        assert (await world.ask("GET", "/balance")).status_code == 503
    answer = await world.ask("GET", "/balance")
    assert list(reasons((await told(world, answer))["faults"])) == ["f3", "f4", "f5", "f6", "f7"]
