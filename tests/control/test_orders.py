"""Orders of any kind, their history and timers, and events sent to them."""

import asyncio
from typing import Any

import pytest

from tests.control.problems import fields_of, problem_of
from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio
NOON = "2026-01-31T12:00:00Z"


async def push(world: AcmeWorld, order: str, **event: Any) -> Any:
    return await world.control("POST", f"/orders/acme/{order}/events", event)


async def test_an_order_tells_everything_of_itself(world: AcmeWorld) -> None:
    bought = (await world.ask("POST", "/orders", {"service": "chat"})).json()
    request = (await world.steer("POST", "/requests/find", {"operation": "buy"}))["requests"][0]["id"]
    order = await world.order(bought["id"])
    assert order.pop("facts")["phone"] == bought["phone"]
    assert order.pop("machine")
    assert order.pop("explanation")["created_by"] == request
    assert order.pop("amount") == bought["price"]
    assert order == {
        "provider": "acme",
        "kind": "activation",
        "id": bought["id"],
        "state": "waiting",
        "shown_as": "waiting",
        "final": False,
        "account": "demo",
        "created_at": NOON,
        "currency": "EUR",
        "history": [{"state": "waiting", "at": NOON, "cause": "created"}],
        "timers": [
            {"at": "2026-01-31T12:00:08Z", "to": "completed", "event": "sms"},
            {"at": "2026-01-31T12:20:00Z", "to": "cancelled", "event": "expire"},
        ],
        "events": ["sms", "expire", "cancel"],
        "rule": None,
    }


async def test_orders_are_listed_by_provider_state_and_account(world: AcmeWorld) -> None:
    first, second = [await world.rent() for _ in range(2)]
    await push(world, first, event="sms")

    async def listed(query: str = "") -> list[str]:
        return [one["id"] for one in (await world.steer("GET", f"/orders{query}"))["orders"]]

    assert await listed() == sorted([first, second])
    assert await listed("?provider=acme&state=completed") == [first]
    assert await listed("?state=waiting") == [second]
    assert await listed("?account=acme-demo&state=waiting") == [second]
    assert await listed("?account=poor") == []
    assert len(await listed("?limit=1")) == 1


async def test_a_pushed_code_is_the_code_that_clients_read(world: AcmeWorld) -> None:
    order = await world.rent()
    answer = await push(world, order, event="sms", code="123456", text="Your code is 123456.")
    assert answer.status_code == 200
    pushed = answer.json()
    assert (pushed["state"], pushed["timers"], pushed["final"]) == ("completed", [], True)
    assert (pushed["facts"]["code"], pushed["facts"]["text"]) == ("123456", "Your code is 123456.")
    assert pushed["history"][-1] == {"state": "completed", "at": NOON, "cause": "sms by control"}
    data = (await world.ask("GET", f"/orders/{order}")).json()
    assert (data["state"], data["code"]) == ("completed", "123456")


@pytest.mark.parametrize(("event", "state"), [("sms", "completed"), ("expire", "cancelled")])
async def test_any_event_of_the_machine_is_taken(world: AcmeWorld, event: str, state: str) -> None:
    order = await world.rent()
    assert (await push(world, order, event=event)).json()["state"] == state


async def test_an_event_that_the_state_does_not_take_is_409_and_changes_nothing(world: AcmeWorld) -> None:
    order = await world.rent()
    await push(world, order, event="sms", code="1")
    before = await world.order(order)
    problem = problem_of(await push(world, order, event="sms", code="2"), 409)
    assert problem["detail"] == "event 'sms' is not taken in state 'completed'"

    problem_of(await push(world, order, event="no such event"), 409)
    assert await world.order(order) == before


async def test_an_event_before_its_time_is_409_and_told_when_it_will_be_taken(world: AcmeWorld) -> None:
    order = await world.rent("silent")
    await world.advance("2s")
    problem = problem_of(await push(world, order, event="cancel"), 409)
    assert problem["detail"] == "event 'cancel' is not taken in state 'waiting' yet: it will be in 58s"
    await world.advance("60s")
    assert (await push(world, order, event="cancel")).json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({}, "event"),
        ({"event": 5}, "event"),
        ({"event": "sms", "code": 123}, "code"),
        ({"event": "sms", "code": ""}, "code"),
        ({"event": "sms", "code": "x" * 11}, "code"),
        ({"event": "sms", "code": "1\n2"}, "code"),
    ],
)
async def test_a_message_that_cannot_be_is_422(world: AcmeWorld, event: dict[str, Any], field: str) -> None:
    order = await world.rent()
    assert fields_of(await push(world, order, **event)) == [field]
    assert (await world.order(order))["state"] == "waiting"


async def test_events_of_an_unknown_order_are_404(world: AcmeWorld) -> None:
    problem_of(await push(world, "1", event="sms"), 404)


async def test_twenty_events_at_once_are_taken_once(world: AcmeWorld) -> None:
    order = await world.rent()
    answers = await asyncio.gather(*(push(world, order, event="sms", code=str(number)) for number in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert [one["state"] for one in (await world.order(order))["history"]] == ["waiting", "completed"]
