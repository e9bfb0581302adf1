"""The whole story of requests and orders: rules, near misses, dice, timers, effects, deliveries, money."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.outside import AcmeWorld, acme_running

pytestmark = pytest.mark.anyio

RULES = """\
scenario: rules
provider: acme
about: Rules of every kind.
rules:
  - name: first-chat
    about: The first chat number never gets a code.
    when: {request.service: chat}
    times: 1
    per: [account]
    then: {never: [sms]}
  - name: late-chat
    when: {request.service: chat}
    then: {delays: {sms: {uniform: [10s, 20s]}}}
  - name: mail-only
    when: {request.service: mail, request.country: 7}
    then: {stock: 0}
"""
DICED = """\
scenario: diced
provider: acme
about: Dice decide everything.
machine:
  kind: activation
  start: waiting
  states:
    waiting:
      transitions:
        - {on: outcome, after: {lognormal: {median: 30s, sigma: 1}}, to: {completed: 1, cancelled: 1}}
    completed: {final: true, effects: [spend]}
    cancelled: {final: true, effects: [refund]}
"""


@pytest.fixture
async def world() -> AsyncIterator[AcmeWorld]:
    async with acme_running() as world:
        yield world


async def use(world: AcmeWorld, text: str) -> None:
    name = (await world.steer("POST", "/scenarios", content=text))["name"]
    await world.steer("PUT", "/scenarios/active", [name])


async def request(world: AcmeWorld, operation: str) -> dict[str, Any]:
    """The story of the newest request of this operation."""
    found = (await world.steer("POST", "/requests/find", {"operation": operation}))["requests"]
    data: dict[str, Any] = await world.steer("GET", f"/requests/{found[-1]['id']}")
    return data


async def story(world: AcmeWorld, order: str) -> dict[str, Any]:
    told: dict[str, Any] = (await world.order(order))["explanation"]
    return told


async def test_an_order_is_told_from_its_purchase_to_its_webhook(world: AcmeWorld) -> None:
    hook = "http://localhost:7460/_mock/inbox/codes"
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": hook})
    data = (await world.ask("POST", "/orders", {"service": "chat"})).json()
    bought, cost = data["id"], data["price"]
    purchase = (await request(world, "buy"))["id"]
    await world.advance("8s")
    told = await story(world, bought)
    assert told["created_by"] == purchase
    assert told["machine"]["scenario"] == "quick"
    assert told["rule"] is None
    born, done = told["story"]
    assert (born["state"], born["caused_by"]) == ("waiting", {"request": purchase})
    assert [(row["event"], row["at"][11:], row["to"], row["delay"], row["became"]) for row in born["timers"]] == [
        ("sms", "12:00:08Z", "completed", "8s", "rang"),
        ("expire", "12:20:00Z", "cancelled", "20m", "void"),
    ]
    assert [(move["kind"], move["amount"]) for move in born["money"]] == [("charge", f"-{cost}")]
    assert (done["state"], done["caused_by"]) == ("completed", {"timer": "sms", "passage": 0})
    assert done["effects"] == [{"message": "sms"}, {"webhook": "order.completed"}]
    assert done["money"] == []
    (delivery,) = done["deliveries"]
    assert (delivery["event"], len(delivery["attempts"])) == ("order.completed", 1)
    assert told["besides"] == {"money": [], "deliveries": []}


async def test_what_is_still_to_come_waits(world: AcmeWorld) -> None:
    bought = await world.rent()
    (born,) = (await story(world, bought))["story"]
    assert [row["became"] for row in born["timers"]] == ["waits", "waits"]


async def test_a_cancel_is_chained_to_its_request_and_its_refund_to_it(world: AcmeWorld) -> None:
    bought = await world.rent("silent")
    await world.advance("60s")
    await world.ask("POST", f"/orders/{bought}/cancel")
    told = await story(world, bought)
    cancel = await request(world, "cancel")
    born, gone = told["story"]
    assert born["withheld"] == ["sms"]
    assert told["rule"] == {"rule": "silent-service", "scenario": "quick", "then": {"never": ["sms"]}}
    assert gone["caused_by"] == {"request": cancel["id"]}
    assert [move["kind"] for move in gone["money"]] == ["refund"]
    assert [one["operation"] for one in told["requests"]] == ["buy", "cancel"]
    # The request tells only what it caused itself.
    assert [one["state"] for one in cancel["explanation"]["story"]] == ["cancelled"]


async def test_a_purchase_tells_all_that_follows_from_it_by_itself(world: AcmeWorld) -> None:
    bought = await world.rent()
    await world.advance("8s")
    await world.ask("GET", f"/orders/{bought}")
    purchase = (await request(world, "buy"))["explanation"]
    assert [one["state"] for one in purchase["story"]] == ["waiting", "completed"]
    check = (await request(world, "show"))["explanation"]
    assert (check["order"]["state"], check["story"]) == ("completed", [])


async def test_an_event_that_a_test_pushed_says_so(world: AcmeWorld) -> None:
    bought = await world.rent()
    await world.steer("POST", f"/orders/acme/{bought}/events", {"event": "sms"})
    assert (await story(world, bought))["story"][1]["caused_by"] == {"by": "control"}


async def test_dice_are_told_as_they_fell(world: AcmeWorld) -> None:
    await use(world, DICED)
    for _ in range(4):
        bought = await world.rent()
        (timer,) = (await world.order(bought))["timers"]
        (born,) = (await story(world, bought))["story"]
        (cast,) = born["dice"]
        assert (cast["for"], cast["options"], cast["fell"]) == ("when outcome happens", "about 30s", timer["at"])
        assert 0 <= cast["roll"] < 1
        await world.steer("POST", "/clock/advance", {"until": "idle"})
        _, ended = (await story(world, bought))["story"]
        (cast,) = ended["dice"]
        assert cast["for"] == "where outcome leads"
        assert cast["options"] == {"completed": 1, "cancelled": 1}
        assert (cast["fell"] == "completed") is (cast["roll"] < 0.5)
        assert cast["fell"] == ended["state"]
        assert ended["at"] == timer["at"]


async def test_a_rule_that_chose_the_outcome_leaves_no_dice(world: AcmeWorld) -> None:
    await use(world, DICED + "rules:\n  - {name: bad, then: {outcomes: {outcome: cancelled}}}\n")
    bought = await world.rent()
    await world.steer("POST", "/clock/advance", {"until": "idle"})
    ended = (await story(world, bought))["story"][1]
    assert ended["dice"] == [
        {
            "for": "where outcome leads",
            "options": {"completed": 1, "cancelled": 1},
            "fell": "cancelled",
            "by_rule": True,
        }
    ]


async def test_a_request_tells_the_rule_that_decided_and_the_ones_used_up_before_it(world: AcmeWorld) -> None:
    await use(world, RULES)
    await world.rent()
    (first,) = (await request(world, "buy"))["explanation"]["decisions"]
    assert (first["aspect"], first["rule"], first["scenario"]) == ("life", "first-chat", "rules")
    assert first["about"] == "The first chat number never gets a code."
    assert first["passed_over"] == []
    bought = await world.rent()
    (second,) = (await request(world, "buy"))["explanation"]["decisions"]
    assert (second["rule"], second["then"]) == ("late-chat", {"delays": {"sms": {"uniform": ["10s", "20s"]}}})
    assert second["passed_over"] == [
        {"rule": "first-chat", "scenario": "rules", "why": "used up: 1 time for each account"}
    ]
    told = await story(world, bought)
    assert (told["rule"]["rule"], told["rule"]["scenario"]) == ("late-chat", "rules")
    sms, expire = told["story"][0]["timers"]
    assert (sms["by_rule"], sms["delay"], expire["by_rule"]) == (True, "10s to 20s", False)


async def test_near_misses_come_with_their_differences(world: AcmeWorld) -> None:
    await use(world, RULES)
    await world.ask("POST", "/orders", {"service": "mail", "country": 6})
    told = (await request(world, "buy"))["explanation"]
    assert told["decisions"] == []
    (nearest,) = told["near_misses"]
    assert (nearest["rule"], nearest["scenario"]) == ("mail-only", "rules")
    assert nearest["differences"] == [{"name": "request.country", "wanted": "eq 7", "found": 6}]


async def test_a_refusal_by_a_rule_is_explained_by_it(world: AcmeWorld) -> None:
    text = "scenario: shut\nprovider: acme\nabout: x\nrules:\n  - {then: {refuse: ProviderError}}\n"
    await use(world, text)
    await world.ask("GET", "/services")
    told = await request(world, "services")
    (one,) = told["explanation"]["decisions"]
    assert (told["mistake"], one["aspect"], one["scenario"]) == ("ProviderError", "refuse", "shut")


async def test_the_story_is_that_of_the_scenarios_in_force_at_the_time(world: AcmeWorld) -> None:
    await use(world, RULES)
    bought = await world.rent()
    await world.steer("PUT", "/scenarios/active", [])
    assert (await story(world, bought))["rule"]["scenario"] == "rules"
    (one,) = (await request(world, "buy"))["explanation"]["decisions"]
    assert one["scenario"] == "rules"


async def test_a_timer_that_rang_is_told_by_its_own_moment_though_the_setting_has_changed(world: AcmeWorld) -> None:
    text = DICED.replace("{lognormal: {median: 30s, sigma: 1}}", "{setting: acme.cancel_after}")
    await use(world, text)
    bought = await world.rent()
    await world.advance("60s")
    await world.steer("PATCH", "/settings", {"acme.cancel_after": "5m"})
    born, ended = (await story(world, bought))["story"]
    assert born["timers"][0]["at"] == ended["at"] == "2026-01-31T12:01:00Z"


async def test_an_entry_whose_order_is_gone_is_still_told(world: AcmeWorld) -> None:
    answer = await world.ask("GET", "/orders/123456789")
    told = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    assert told["explanation"]["story"] == []
    assert (await world.control("GET", "/requests/req_99999999")).status_code == 404


async def test_values_of_secret_fields_are_not_told_in_differences(world: AcmeWorld) -> None:
    text = "scenario: s\nprovider: acme\nabout: x\nrules:\n"
    text += "  - {when: {account: demo, request.secret: abc}, then: {stock: 0}}\n"
    await use(world, text)
    await world.rent()
    told = await request(world, "buy")
    (difference,) = told["explanation"]["near_misses"][0]["differences"]
    assert difference == {"name": "request.secret", "wanted": "[redacted]", "found": "[redacted]"}
    assert "abc" not in str(told["explanation"]["near_misses"])
