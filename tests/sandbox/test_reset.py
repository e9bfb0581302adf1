"""Reset takes a sandbox back to how it was made."""

import asyncio

import pytest

from tests.outside import AcmeWorld, acme_running
from tests.webhooks.receivers import Visit, receiving

pytestmark = pytest.mark.anyio
ONCE = """\
scenario: once
provider: acme
about: The first purchase finds nothing left.
rules:
  - {when: {operation: buy}, times: 1, then: {refuse: OutOfStock}}
"""


async def story(world: AcmeWorld) -> list[bytes]:
    """The bytes of a varied story: answers of the emulated API, refusals among them, and of the control API."""
    answers = []
    for method, path, body in (
        ("GET", "/balance", None),
        ("GET", "/services", None),
        ("POST", "/orders", {"service": "chat"}),
        ("POST", "/orders", {"service": "nothing"}),
        ("GET", "/orders/123", None),
        ("GET", "/nowhere", None),
    ):
        answer = await world.ask(method, path, body)
        answers += [answer.content, repr(sorted(answer.headers.items())).encode()]
    await world.rent("last")
    await world.advance("8s")
    answers.append((await world.ask("GET", "/orders")).content)
    for path in ("/orders", "/ledger/acme/demo", "/accounts", "/settings", "/scenarios", "/clock", "/magic"):
        answers.append((await world.control("GET", path)).content)
    return answers


async def meddle(world: AcmeWorld) -> None:
    """Change whatever can be changed."""
    await world.steer("PATCH", "/settings", {"rate_limits": "off", "acme.cancel_after": "1s"})
    await world.steer("PATCH", "/accounts/acme/demo", {"balance": "1", "status": "disabled"})
    await world.steer("POST", "/accounts/acme", {"id": "extra"})
    text = "scenario: mine\nprovider: acme\nabout: Mine.\nrules: [{then: {stock: 0}}]\n"
    await world.steer("POST", "/scenarios", content=text)
    await world.steer("PUT", "/scenarios/active", ["mine"])
    await world.steer("PUT", "/inbox/in", {"status": 500})
    await world.call("POST", "/_mock/inbox/in", json={})
    await world.steer("PUT", "/clock", {"mode": "scaled", "rate": 5})


async def test_after_a_reset_the_same_story_has_the_same_bytes() -> None:
    async with acme_running() as world:
        first = await story(world)
        await meddle(world)
        await world.steer("POST", "/reset")
        assert await story(world) == first


async def test_a_reset_is_idempotent_and_answers_what_the_sandbox_is() -> None:
    async with acme_running() as world:
        await meddle(world)
        first = await world.steer("POST", "/reset")
        assert await world.steer("POST", "/reset") == first
        assert (first["name"], first["clock"]["mode"], first["scenarios"]) == ("default", "frozen", [])
        assert (await world.steer("GET", "/inbox/in"))["received"] == []
        assert (await world.control("GET", "/scenarios/mine")).status_code == 404
        assert (await world.control("GET", "/accounts/acme/extra")).status_code == 404


async def test_a_reset_brings_back_what_the_sandbox_was_made_with() -> None:
    async with acme_running() as world:
        made = {
            "name": "made",
            "seed": 7,
            "clock": {"mode": "scaled", "rate": 0.001, "now": "2030-05-05T05:05:05Z"},
            "scenarios": ["no-sms"],
            "settings": {"rate_limits": "off"},
        }
        await world.steer("POST", "/sandboxes", made)
        sandbox = world.beside("made")
        await sandbox.steer("PUT", "/clock", {"mode": "frozen", "now": "2031-01-01T00:00:00Z"})
        await sandbox.steer("PATCH", "/settings", {"rate_limits": "documented"})
        await sandbox.steer("PUT", "/scenarios/active", [])
        answer = await sandbox.steer("POST", "/reset")
        assert (answer["seed"], answer["scenarios"]) == (7, ["no-sms"])
        assert (answer["clock"]["mode"], answer["clock"]["rate"]) == ("scaled", 0.001)
        assert answer["clock"]["now"].startswith("2030-05-05T05:05:05")
        assert (await sandbox.steer("GET", "/settings"))["rate_limits"] == "off"


async def test_a_reset_counts_requests_limits_and_rules_anew() -> None:
    async with acme_running() as world:
        for _ in range(2):
            first = await world.ask("GET", "/balance")
            assert first.headers["x-mock-request-id"] == "req_00000001"
            await world.steer("POST", "/scenarios", content=ONCE)
            await world.steer("PUT", "/scenarios/active", ["once"])
            statuses = [(await world.ask("POST", "/orders", {"service": "chat"})).status_code for _ in range(21)]
            assert statuses == [409] + [201] * 19 + [429]
            await world.steer("POST", "/reset")


async def test_a_reset_touches_no_other_sandbox() -> None:
    async with acme_running() as world:
        other = world.beside("other")
        bought = await other.rent()
        await world.steer("POST", "/reset")
        assert (await other.order(bought))["state"] == "waiting"


async def test_a_reset_ends_deliveries_and_the_advance_that_awaits_them_still_answers() -> None:
    async def hang(visit: Visit) -> None:
        await visit.receiver.hold.wait()

    async with receiving(hang) as receiver, acme_running() as world:
        await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": receiver.url()})
        await world.rent()
        advancing = asyncio.ensure_future(world.control("POST", "/clock/advance", {"by": "8s"}))
        await asyncio.wait_for(receiver.arrived.wait(), 5)
        await world.steer("POST", "/reset")
        answer = await asyncio.wait_for(advancing, 5)
        assert answer.status_code in (200, 409)
        assert (await world.steer("GET", "/webhooks/deliveries"))["deliveries"] == []
        assert (await world.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:00Z"
        bought = await world.rent()
        await world.advance("8s")
        assert (await world.order(bought))["state"] == "completed"
