"""The log of deliveries in the control API."""

import pytest

from tests.control.problems import fields_of, problem_of
from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio


async def test_a_delivery_tells_request_attempts_and_next_try(world: AcmeWorld) -> None:
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": "http://127.0.0.1:1/hook?k=v"})
    bought = await world.rent()
    ran = await world.advance("8s")
    assert ran["failed"] == 1
    (delivery,) = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    (attempt,) = delivery.pop("attempts")
    request = delivery.pop("request")
    assert delivery == {
        "id": "dlv_00000001",
        "provider": "acme",
        "account": "demo",
        "order": bought,
        "event": "order.completed",
        "url": "http://127.0.0.1:1/hook?k=[redacted]",
        "state": "failed",
        "created_at": "2026-01-31T12:00:08Z",
        "cause": "timer sms",
        "faults": [],
        "hostile": {},
        "next_try": None,
    }
    assert request["headers"]["content-type"] == "application/json"
    assert '"event":"order.completed"' in request["body"]
    assert set(attempt) == {"at", "verdict", "status", "headers", "body", "detail", "milliseconds", "signed_headers"}
    assert (attempt["verdict"], attempt["status"]) == ("unreachable", None)
    shown = await world.steer("GET", "/webhooks/deliveries/dlv_00000001")
    assert shown["attempts"] == [attempt]


async def test_the_newest_come_first_and_as_many_as_asked_for(world: AcmeWorld) -> None:
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": "http://127.0.0.1:1/"})
    for _ in range(3):
        await world.rent()
    await world.advance("8s")
    listed = (await world.steer("GET", "/webhooks/deliveries?limit=2"))["deliveries"]
    assert [one["id"] for one in listed] == ["dlv_00000003", "dlv_00000002"]
    assert fields_of(await world.control("GET", "/webhooks/deliveries?limit=0")) == ["limit"]


async def test_redelivering_what_never_was_is_404(world: AcmeWorld) -> None:
    problem_of(await world.control("POST", "/webhooks/deliveries/dlv_00000001/redeliver"), 404)
