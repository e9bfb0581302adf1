"""A client of DaisySIM that judges each answer before a test sees it, and reads money exactly."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import httpx

from mockserver.providers.daisysim import PROVIDER
from tests.conformance.judge import endpoint_of, exact, judge, responses_of
from tests.support import DAISY, World, code_of, running


class Daisy(World):
    """Each answer is checked against its schema, and a refusal's code and provenance against the document."""

    async def daisy(
        self, method: str, path: str, body: Any = None, *, key: str | None = "daisy-demo", **more: Any
    ) -> httpx.Response:
        answer = await super().daisy(method, path, body, key=key, **more)
        below = unquote(answer.request.url.path).removeprefix(self.prefix).removeprefix(DAISY)
        endpoint = endpoint_of(PROVIDER, method, below)
        judge(PROVIDER, endpoint, answer)
        if not answer.is_success and endpoint is not None and method != "HEAD":
            codes = responses_of(PROVIDER, endpoint)[str(answer.status_code)]["x-codes"]
            # What a code says may be documented in one case and assumed in another.
            code = answer.json()["code"]
            provenances = {one["x-provenance"] for one in codes if one["code"] == code}
            assert {"x-mock-assumed" in answer.headers} <= {one == "assumed" for one in provenances}
        return answer

    async def data(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What lies under `data` of an answer that is no refusal; decimals as they are written."""
        answer = await self.daisy(method, path, body, **more)
        assert answer.is_success, answer.text
        return exact(answer.content)["data"]

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Status and code of a refusal."""
        return code_of(await self.daisy(method, path, body, **more))

    async def tiers(self, country: int = 999, service: str = "ns", **more: Any) -> list[dict[str, Any]]:
        """The tiers on offer."""
        found: list[dict[str, Any]] = (
            await self.data("POST", "/prices", {"country": country, "service": service}, **more)
        )["tiers"]
        return found

    async def order_of(self, country: int = 999, service: str = "ns", *, tier: int = 0, **more: Any) -> dict[str, Any]:
        """The body of a purchase at a live price; `more` are its other fields."""
        price = (await self.tiers(country, service))[tier]["price"]
        return {"country": country, "service": service, "price": float(price), **more}

    async def bought(self, country: int = 999, service: str = "ns", **more: Any) -> dict[str, Any]:
        """A purchase at the lowest live price: the data of its answer. Silent unless another service is named."""
        data: dict[str, Any] = await self.data("POST", "/purchase", await self.order_of(country, service, **more))
        return data

    async def status(self, activation_id: str) -> str:
        """The word of /check."""
        word: str = (await self.data("GET", f"/check/{activation_id}"))["status"]
        return word

    async def wallet(self, account: str = "demo") -> Decimal:
        """The balance, as the control API knows it: no rate limit."""
        return Decimal((await self.steer("GET", f"/accounts/daisysim/{account}"))["balance"])

    async def spent(self, account: str = "demo") -> Decimal:
        """What counts as spent."""
        return Decimal((await self.steer("GET", f"/accounts/daisysim/{account}"))["total_spent"])

    async def ledger(self, account: str = "demo") -> list[dict[str, Any]]:
        """The movements of the wallet after the opening one."""
        entries: list[dict[str, Any]] = (await self.steer("GET", f"/ledger/daisysim/{account}"))["entries"]
        return entries[1:]

    async def change(self, account: str = "demo", **values: Any) -> None:
        """Set values of an account."""
        await self.steer("PATCH", f"/accounts/daisysim/{account}", values)

    async def unlimited(self) -> None:
        """Switch the rate limits off."""
        await self.steer("PATCH", "/settings", {"rate_limits": "off"})

    async def open_account(self, account: str, **values: Any) -> str:
        """A new account; its key."""
        made = await self.steer("POST", "/accounts/daisysim", {"id": account, **values})
        key: str = made["credentials"]["key"]
        return key


@asynccontextmanager
async def daisy_running(**settings: Any) -> AsyncIterator[Daisy]:
    """An app with a judging client; its clock stands still."""
    async with running(**settings) as world:
        yield Daisy(world.app, world.client)
