"""Calls to one sandbox: those before a snapshot, and those after it is restored."""

from typing import Any

from tests.support import DAISY, DEMO, World

POSTED = """
scenario: night
provider: daisysim
about: WhatsApp codes take long, once.
accounts:
  - {id: owl, credentials: {key: "marked-owl-key"}, balance: "7.50"}  # marked-owl-key
rules:
  - {when: {request.service: wa}, then: {delays: {sms: 5m}}, times: 2, per: [request.service]}
settings: {daisysim.cancel_after: 30s}
"""
#: A machine of its own; posted a second time with other contents, after orders began under the first.
MACHINE = """
scenario: own
provider: daisysim
about: A code after SPAN.
machine:
  kind: activation
  start: waiting
  states:
    waiting:
      shows: Waiting
      transitions:
        - {on: sms, after: SPAN, to: completed, effects: [{message: sms}]}
        - {on: cancel, to: cancelled}
    completed: {shows: Completed, final: true, effects: [cashback, spend, {webhook: code.received}]}
    cancelled: {shows: Cancelled, final: true, effects: [refund]}
"""
#: Nothing listens there.
NOWHERE = "http://127.0.0.1:9/hook?signed=1"


async def live(world: World) -> None:
    """Orders in every state, under three machines; accounts, settings, limits, stock and deliveries that differ."""
    await world.steer("PATCH", "/accounts/daisysim/demo", {"webhook_url": NOWHERE, "balance": "90.00"})
    await world.steer("POST", "/accounts/daisysim", {"id": "new", "balance": "3.00", "credentials": {"key": "new-key"}})
    await world.buy(6, "wa")
    await world.steer("PUT", "/scenarios/active", ["no-sms"])
    cancelled = await world.buy(6, "tg")
    await world.advance("61s")
    await world.daisy("POST", f"/cancel/{cancelled['activation_id']}")
    await post(world, POSTED)
    await post(world, MACHINE.replace("SPAN", "45s"))
    await world.steer("PUT", "/scenarios/active", ["own", "night"])
    await world.buy(6, "tg")
    await post(world, MACHINE.replace("SPAN", "50s"))
    await world.steer("PATCH", "/settings", {"daisysim.price_ttl": "1h"})
    await world.buy(6, "wa")
    await world.steer("PUT", "/scenarios/active", ["slow-sms"])
    for _ in range(3):
        await world.buy(6, "go")
    for path, times in (("/history", 2), ("/check/*", 1)):
        fault = {"provider": "daisysim", "path": path, "times": times, "answer": {"mistake": "ProviderError"}}
        await world.steer("POST", "/faults", fault)
    await world.daisy("GET", "/history")
    await world.steer("PUT", "/scenarios/active", ["night", "price-moves"])
    await world.daisy("POST", "/purchase", {"country": 6, "service": "wa", "price": 0.0001})
    await world.advance("2s")


async def post(world: World, scenario: str) -> None:
    """Add a scenario."""
    answer = await world.control("POST", "/scenarios", content=scenario.encode())
    assert answer.status_code == 201, answer.text


#: What comes next; BUY asks for the price first.
NEXT: tuple[tuple[str, str, Any], ...] = (
    ("GET", f"{DAISY}/balance", None),
    ("POST", f"{DAISY}/prices", {"country": 6, "service": "wa"}),
    ("BUY", "wa", None),
    ("BUY", "wa", None),
    ("BUY", "tg", None),
    ("POST", "/_mock/clock/advance", {"by": "40s"}),
    ("GET", f"{DAISY}/history", None),
    ("PUT", "/_mock/scenarios/active", ["own"]),
    ("BUY", "wa", None),
    ("POST", "/_mock/clock/advance", {"by": "6m"}),
    ("GET", f"{DAISY}/history", None),
    ("GET", "/_mock/orders", None),
    ("GET", "/_mock/accounts", None),
    ("GET", "/_mock/faults", None),
    ("GET", "/_mock/ledger/daisysim/demo", None),
    ("GET", "/_mock/settings", None),
    ("GET", "/_mock/scenarios", None),
    ("POST", "/_mock/reset", None),
    ("GET", "/_mock/accounts", None),
    ("BUY", "wa", None),
)


async def go_on(world: World) -> list[Any]:
    """Every answer of what a client and a test do next, byte for byte with its headers."""
    answers: list[Any] = []
    for method, path, body in NEXT:
        if method == "BUY":
            wanted = {"country": 6, "service": path, "price": await world.price(6, path)}
            answer = await world.daisy("POST", "/purchase", wanted)
        else:
            more = {} if body is None else {"json": body}
            answer = await world.call(method, path, headers=DEMO, **more)
        answers.append((method, path, answer.status_code, answer.headers.multi_items(), answer.content))
    statuses = {status for _, _, status, _, _ in answers}
    assert statuses == {200, 201, 422, 502}, statuses
    return answers
