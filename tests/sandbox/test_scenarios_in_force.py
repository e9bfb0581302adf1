"""Active scenarios take precedence over each provider's default, and the first over the others."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mockserver.engine.matching import matcher_from_data
from mockserver.engine.rules import Rule
from mockserver.sandbox.active_scenarios import ActiveScenarios
from tests.outside import AcmeWorld, acme_running

pytestmark = pytest.mark.anyio
HURRY = """\
scenario: hurry
provider: acme
about: Codes after a second.
settings: {acme.cancel_after: 5s}
rules:
  - name: hurry
    then: {delays: {sms: 1s}}
"""
OTHER_LIFE = """\
scenario: other-life
provider: acme
about: A life with a step more.
machine:
  kind: activation
  start: new
  states:
    new:
      transitions:
        - {on: accept, after: 2s, to: accepted}
    accepted:
      transitions:
        - {on: sms, after: %s, to: done, effects: [{message: sms}]}
    done: {final: true}
accounts:
  - {id: newcomer, credentials: {key: acme-newcomer}, balance: "7.50"}
"""
NO_SMS = """\
scenario: no-sms
provider: acme
about: No message ever, but for one service.
rules:
  - {name: no-sms, when: {request.service: {ne: mail}}, then: {never: [sms]}}
"""


@pytest.fixture
async def world() -> AsyncIterator[AcmeWorld]:
    async with acme_running(rate_limits="off") as made:
        await made.steer("POST", "/scenarios", content=HURRY)
        await made.steer("POST", "/scenarios", content=OTHER_LIFE % "3s")
        await made.steer("POST", "/scenarios", content=NO_SMS)
        yield made


async def first_timer(world: AcmeWorld, service: str = "chat") -> str:
    """How long after its purchase the first timer of a new order rings, and its event."""
    order = await world.order(await world.rent(service))
    timer = order["timers"][0]
    return f"{timer['event']} {timer['at'][17:19]}"


async def test_without_any_the_default_decides(world: AcmeWorld) -> None:
    assert await first_timer(world) == "sms 08"


async def test_the_first_of_the_active_ones_decides_and_the_others_lie_below(world: AcmeWorld) -> None:
    await world.steer("PUT", "/scenarios/active", ["hurry", "no-sms"])
    assert await first_timer(world) == "sms 01"
    await world.steer("PUT", "/scenarios/active", ["no-sms", "hurry"])
    assert await first_timer(world) == "expire 00"
    assert await first_timer(world, "mail") == "sms 01"


async def test_what_no_active_one_speaks_of_the_default_still_decides(world: AcmeWorld) -> None:
    await world.steer("PUT", "/scenarios/active", ["hurry"])
    await world.rent("last")
    answer = await world.ask("POST", "/orders", {"service": "last"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "sold_out")


async def test_a_name_given_twice_counts_once_and_activating_again_changes_nothing(world: AcmeWorld) -> None:
    assert await world.steer("PUT", "/scenarios/active", ["hurry", "no-sms", "hurry"]) == ["hurry", "no-sms"]
    assert await world.steer("PUT", "/scenarios/active", ["hurry", "no-sms"]) == ["hurry", "no-sms"]


async def test_the_default_may_be_named_and_stays_at_the_bottom(world: AcmeWorld) -> None:
    await world.steer("PUT", "/scenarios/active", ["quick", "hurry"])
    assert await first_timer(world) == "sms 01"


async def test_unknown_names_are_all_told_and_change_nothing(world: AcmeWorld) -> None:
    await world.steer("PUT", "/scenarios/active", ["hurry"])
    answer = await world.control("PUT", "/scenarios/active", ["nobody", "no-sms", "nowhere"])
    assert answer.status_code == 422
    told = [error["message"] for error in answer.json()["errors"]]
    assert [text.partition(" (one of ")[0] for text in told] == [
        "unknown scenario: 'nobody'",
        "unknown scenario: 'nowhere'",
    ]
    assert await world.steer("GET", "/scenarios/active") == ["hurry"]


async def test_running_orders_keep_the_machine_and_the_rule_they_were_born_with(world: AcmeWorld) -> None:
    old = await world.rent()
    await world.steer("PUT", "/scenarios/active", ["other-life"])
    new = await world.rent()
    assert (await world.order(old))["state"] == "waiting"
    assert (await world.order(new))["state"] == "new"
    await world.advance("8s")
    assert (await world.order(old))["state"] == "completed"
    assert (await world.order(new))["state"] == "done"


async def test_a_reloaded_scenario_holds_for_new_orders_only(world: AcmeWorld) -> None:
    await world.steer("PUT", "/scenarios/active", ["other-life"])
    old = await world.rent()
    await world.steer("POST", "/scenarios", content=OTHER_LIFE % "30s")
    new = await world.rent()
    await world.advance("6s")
    assert (await world.order(old))["state"] == "done"
    assert (await world.order(new))["state"] == "accepted"
    assert (await world.order(new))["timers"][0]["at"] == "2026-01-31T12:00:32Z"


async def test_accounts_of_a_scenario_are_opened_when_it_becomes_active_and_stay(world: AcmeWorld) -> None:
    assert (await world.ask("GET", "/balance", key="acme-newcomer")).status_code == 401
    await world.steer("PUT", "/scenarios/active", ["other-life"])
    assert (await world.ask("GET", "/balance", key="acme-newcomer")).json()["balance"] == "7.50"
    await world.steer("PATCH", "/accounts/acme/newcomer", {"balance": "1"})
    await world.steer("PUT", "/scenarios/active", [])
    await world.steer("PUT", "/scenarios/active", ["other-life"])
    assert (await world.ask("GET", "/balance", key="acme-newcomer")).json()["balance"] == "1.00"


async def test_settings_of_a_scenario_hold_while_it_is_active(world: AcmeWorld) -> None:
    await world.steer("PUT", "/scenarios/active", ["hurry"])
    assert (await world.steer("GET", "/settings"))["acme.cancel_after"] == "5s"
    await world.steer("PATCH", "/settings", {"acme.cancel_after": "7s"})
    await world.steer("PUT", "/scenarios/active", [])
    assert (await world.steer("GET", "/settings"))["acme.cancel_after"] == "7s"


async def test_the_journal_names_the_rule_that_decided(world: AcmeWorld) -> None:
    await world.steer("PUT", "/scenarios/active", ["hurry"])
    bought = await world.rent()
    (entry,) = (await world.steer("POST", "/requests/find", {"operation": "buy"}))["requests"]
    assert (entry["rule"], entry["order"]) == ("hurry", bought)
    assert (await world.order(bought))["rule"] == "hurry"


TWICE = """\
scenario: twice
provider: acme
about: The first two of each account fail.
rules:
  - when: {operation: buy, request.service: [chat, mail]}
    times: 2
    per: [account, request.service]
    then: {refuse: OutOfStock}
"""


async def statuses(world: AcmeWorld, service: str, key: str = "acme-demo") -> list[int]:
    return [(await world.ask("POST", "/orders", {"service": service}, key=key)).status_code for _ in range(3)]


async def test_times_count_for_each_value_of_per_and_refusals_use_them_up(world: AcmeWorld) -> None:
    await world.steer("POST", "/scenarios", content=TWICE)
    await world.steer("PUT", "/scenarios/active", ["twice"])
    assert await statuses(world, "chat") == [409, 409, 201]
    assert await statuses(world, "mail") == [409, 409, 201]
    assert await statuses(world, "chat", key="acme-poor") == [409, 409, 402]
    assert await statuses(world, "silent") == [201, 201, 201]
    assert await statuses(world, "chat") == [201, 201, 201]


async def test_without_per_times_count_for_all_together(world: AcmeWorld) -> None:
    await world.steer("POST", "/scenarios", content=TWICE.replace("    per: [account, request.service]\n", ""))
    await world.steer("PUT", "/scenarios/active", ["twice"])
    assert await statuses(world, "chat") == [409, 409, 201]
    assert await statuses(world, "mail", key="acme-poor") == [402, 402, 402]


def rule(name: str, when: dict[str, Any], **then: Any) -> Rule:
    return Rule(name, tuple((key, matcher_from_data(value)) for key, value in when.items()), then)


def test_candidates_come_in_order_match_and_speak_of_the_aspect() -> None:
    rules = (
        rule("other operation", {"operation": "prices"}, never=["sms"]),
        rule("other service", {"request.service": "ic"}, never=["sms"]),
        rule("stock only", {}, stock=0),
        rule("silent", {"operation": "purchase", "request.service": "ns"}, never=["sms"]),
        rule("anything", {}, delays={"sms": "1s"}),
    )
    active_scenarios = ActiveScenarios((), {}, {"acme": rules})
    subject = {"operation": "purchase", "request.service": "ns"}
    assert [one.name for one in active_scenarios.candidates("life", "acme", subject)] == ["silent", "anything"]
    assert [one.name for one in active_scenarios.candidates("stock", "acme", subject)] == ["stock only"]
    assert active_scenarios.candidates("refuse", "acme", subject) == []
