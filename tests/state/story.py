"""Calls to one sandbox: those before a snapshot, and those after it is restored."""

from typing import Any

from tests.outside import BASE, DEMO, AcmeWorld
from tests.support import World

POSTED = """
scenario: night
provider: acme
about: Codes for chats take long, twice.
accounts:
  - {id: owl, credentials: {key: "marked-owl-key"}, balance: "7.50"}  # marked-owl-key
rules:
  - {when: {request.service: chat}, then: {delays: {sms: 5m}}, times: 2, per: [request.service]}
settings: {acme.cancel_after: 30s}
"""
#: A machine of its own; posted a second time with other contents, after orders began under the first.
MACHINE = """
scenario: own
provider: acme
about: A code after SPAN.
machine:
  kind: activation
  start: waiting
  states:
    waiting:
      transitions:
        - {on: sms, after: SPAN, to: completed, effects: [{message: sms}]}
        - {on: cancel, to: cancelled}
    completed: {final: true, effects: [spend, {webhook: order.completed}]}
    cancelled: {final: true, effects: [refund]}
"""
#: Nothing listens there.
NOWHERE = "http://127.0.0.1:9/hook?signed=1"


async def live(world: AcmeWorld) -> None:
    """Orders in every state, under three machines; accounts, settings, limits, stock and deliveries that differ."""
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": NOWHERE, "balance": "90.00"})
    await world.steer("POST", "/accounts/acme", {"id": "new", "balance": "3.00", "credentials": {"key": "new-key"}})
    await world.rent("chat")
    await world.steer("PUT", "/scenarios/active", ["no-sms"])
    cancelled = await world.rent("mail")
    await world.advance("61s")
    await world.ask("POST", f"/orders/{cancelled}/cancel")
    await post(world, POSTED)
    await post(world, MACHINE.replace("SPAN", "45s"))
    await world.steer("PUT", "/scenarios/active", ["own", "night"])
    await world.rent("mail")
    await post(world, MACHINE.replace("SPAN", "50s"))
    await world.steer("PATCH", "/settings", {"rate_limits": "documented"})
    await world.rent("chat")
    await world.steer("PUT", "/scenarios/active", ["slow-sms"])
    for service in ("mail", "silent", "last"):
        await world.rent(service)
    for path, times in (("/services", 2), ("/orders/*", 1)):
        fault = {"provider": "acme", "path": path, "times": times, "answer": {"mistake": "InsufficientBalance"}}
        await world.steer("POST", "/faults", fault)
    await world.ask("GET", "/services")
    await world.steer("PUT", "/scenarios/active", ["night", "down"])
    await world.ask("POST", "/orders", {"service": "chat"})
    await world.advance("2s")


async def post(world: World, scenario: str) -> None:
    """Add a scenario."""
    answer = await world.control("POST", "/scenarios", content=scenario.encode())
    assert answer.status_code == 201, answer.text


PURCHASE = f"{BASE}/orders"
#: What comes next.
NEXT: tuple[tuple[str, str, Any], ...] = (
    ("GET", f"{BASE}/balance", None),
    ("GET", f"{BASE}/services", None),
    ("POST", PURCHASE, {"service": "chat"}),
    ("POST", PURCHASE, {"service": "chat"}),
    ("POST", PURCHASE, {"service": "mail"}),
    ("POST", PURCHASE, {"service": "last"}),
    ("POST", "/_mock/clock/advance", {"by": "40s"}),
    ("GET", f"{BASE}/orders", None),
    ("PUT", "/_mock/scenarios/active", ["own"]),
    ("POST", PURCHASE, {"service": "chat"}),
    ("POST", "/_mock/clock/advance", {"by": "6m"}),
    ("GET", f"{BASE}/orders", None),
    ("GET", "/_mock/orders", None),
    ("GET", "/_mock/accounts", None),
    ("GET", "/_mock/faults", None),
    ("GET", "/_mock/ledger/acme/demo", None),
    ("GET", "/_mock/settings", None),
    ("GET", "/_mock/scenarios", None),
    ("POST", "/_mock/reset", None),
    ("GET", "/_mock/accounts", None),
    ("POST", PURCHASE, {"service": "chat"}),
)


async def go_on(world: AcmeWorld) -> list[Any]:
    """Every answer of what a client and a test do next, byte for byte with its headers."""
    answers: list[Any] = []
    for method, path, body in NEXT:
        more = {} if body is None else {"json": body}
        answer = await world.call(method, path, headers=DEMO, **more)
        answers.append((method, path, answer.status_code, answer.headers.multi_items(), answer.content))
    statuses = {status for _, _, status, _, _ in answers}
    assert statuses == {200, 201, 402, 409, 500}, statuses
    return answers
