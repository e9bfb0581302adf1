"""A HidSim client in process, and the sandbox it talks to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from mockserver.http.schemas import SchemaStore
from mockserver.resources import bundled
from tests.support import World, running

BASE = "/api.hidsim.com"
PASSWORD = "secret-password"
SCHEMAS = SchemaStore(bundled("schemas"))


class Hid:
    """One user of HidSim, logged in when first needed."""

    def __init__(self, world: World, identifier: str = "partner@example.com") -> None:
        self.world = world
        self.identifier = identifier
        self.token = ""

    async def login(self) -> str:
        """Log in; the token, which is used from now on."""
        body = {"identifier": self.identifier, "password": PASSWORD}
        answer = await self.world.call("POST", f"{BASE}/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["token"]
        return self.token

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Any call, as this user."""
        if not self.token:
            await self.login()
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if body is not None:
            more["json"] = body
        return await self.world.call(method, f"{BASE}{path}", headers=headers, **more)

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = await self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def buy(self, product: str, **body: Any) -> dict[str, Any]:
        """Buy a product; the operation."""
        answer = await self.call("POST", f"/products/{product}/purchase", body)
        assert answer.status_code == 201, answer.text
        operation: dict[str, Any] = answer.json()
        return operation

    async def poll(self, operation: dict[str, Any]) -> dict[str, Any]:
        """The operation as it is now."""
        found: dict[str, Any] = await self.get(f"/operations/{operation['_id']}")
        return found

    async def act(self, operation: dict[str, Any], action: str) -> httpx.Response:
        """Refetch, close or refund."""
        return await self.call("GET", f"/operations/{operation['_id']}/{action}")

    async def balance(self) -> float:
        """What the wallet holds."""
        held: float = (await self.get("/auth/me"))["balance"]
        return held

    async def push(self, operation: dict[str, Any], event: str, **given: Any) -> httpx.Response:
        """Send the operation an event through the control API."""
        return await self.world.control("POST", f"/orders/hidsim/{operation['_id']}/events", {"event": event, **given})


@asynccontextmanager
async def hidsim(**settings: Any) -> AsyncIterator[Hid]:
    """A HidSim client of a new app with a frozen clock; limits off unless asked for."""
    settings.setdefault("rate_limits", "off")
    async with running(**settings) as world:
        yield Hid(world)


def refusal(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body of a refusal with this status, which must be one as the schema says."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert SCHEMAS.checker("hidsim/error").check(body) == {}, body
    assert body["statusCode"] == status
    return body
