"""A client of doctorSIM v1 in one sandbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.support import World, running

BASE = "/api.doctorsim.com"
PAIRS = {
    name: {"DSIM_KEY": f"{name}-key", "DSIM_SECRET": f"{name}-secret"} for name in ("sandbox", "live", "poor", "wrong")
}
IMEI = "011950004980028"
#: Nokia 5230 on Orange, the pair of the page's example.
DEVICE, NETWORK = "1697", "3"


class V1:
    """Calls with the sandbox pair unless another is named."""

    def __init__(self, world: World) -> None:
        self.world = world

    def beside(self, name: str) -> "V1":
        """The same in another sandbox."""
        return V1(self.world.beside(name))

    async def call(self, method: str, path: str, *, pair: str = "sandbox", **more: Any) -> httpx.Response:
        """Any call."""
        headers = {**PAIRS[pair], **more.pop("headers", {})}
        return await self.world.call(method, f"{BASE}{path}", headers=headers, **more)

    async def res(self, method: str, path: str, **more: Any) -> Any:
        """`res` of a call that must succeed."""
        answer = await self.call(method, path, **more)
        body = answer.json()
        assert (answer.status_code, body["status"], body["info"]) == (200, "OK", ""), answer.text
        return body["res"]

    async def tools(self, device: str = DEVICE, network: str = NETWORK) -> list[dict[str, Any]]:
        """The tools of a pair."""
        found: list[dict[str, Any]] = (await self.res("GET", f"/tools/{device}/{network}"))["tools"]
        return found

    async def tool(self, device: str, network: str, **wanted: str) -> dict[str, Any]:
        """The first tool of a pair with these values."""
        tools = await self.tools(device, network)
        return next(one for one in tools if all(one[name] == value for name, value in wanted.items()))

    async def create(
        self, imei: str = IMEI, device: str = DEVICE, network: str = NETWORK, tool: str = "", **more: Any
    ) -> httpx.Response:
        """POST create_order, with the pair's first tool unless one is named."""
        tool = tool or (await self.tools(device, network))[0]["id_tool"]
        return await self.call("POST", f"/create_order/{device}/{network}/{imei}/{tool}", **more)

    async def order(self, imei: str = IMEI, **more: Any) -> str:
        """The ticket of a new order."""
        answer = await self.create(imei, **more)
        assert answer.status_code == 200, answer.text
        ticket: str = answer.json()["res"]["id_ticket"]
        return ticket

    async def status(self, ticket: str, **more: Any) -> str:
        """The word that check_order_status shows."""
        word: str = (await self.res("GET", f"/check_order_status/{ticket}", **more))[ticket]["status"]
        return word

    async def balance(self, account: str = "sandbox") -> str:
        """What the account holds."""
        found: str = (await self.world.steer("GET", f"/ledger/doctorsim_v1/{account}"))["balance"]
        return found

    async def scenario(self, *names: str) -> None:
        """Make these scenarios active."""
        await self.world.steer("PUT", "/scenarios/active", list(names))

    async def setting(self, name: str, value: Any) -> None:
        """Change a setting of this provider."""
        await self.world.steer("PATCH", "/settings", {f"doctorsim_v1.{name}": value})


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, word and text of a refusal, whose `res` is empty."""
    body = answer.json()
    assert body["res"] == {}
    assert body.get("code", str(answer.status_code)) == str(answer.status_code)
    return answer.status_code, body["status"], body["info"]


def valid_imeis(count: int) -> list[str]:
    """IMEIs with a right check digit, spread over all numbers."""
    found = []
    for number in range(count):
        body = f"{(number * 7_654_321_234_567) % 10**14:014d}"
        total = sum(sum(divmod(int(one) * (1 + place % 2), 10)) for place, one in enumerate(body))
        found.append(f"{body}{-total % 10}")
    return found


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[V1]:
    """A client of a server of its own."""
    async with running(**settings) as world:
        yield V1(world)
