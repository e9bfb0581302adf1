"""A client of doctorSIM v2 that judges each answer before a test sees it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import httpx

from mockserver.providers.doctorsim_v2 import PROVIDER
from tests.conformance.judge import endpoint_of, judge, responses_of
from tests.support import World, running

BASE = "/api.doctorsim.com/v2"
KEYS = {
    "test_demo": "sk_demo",
    "test_readonly": "sk_readonly",
    "live_demo": "sk_demo",
    "live_poor": "sk_poor",
    "test_revoked": "sk_revoked",
    "test_denied": "sk_denied",
    "live_noip": "sk_noip",
    "live_otherip": "sk_otherip",
}
TELCEL = 101
PHONE = "+522221231231"


class V2(World):
    """Each answer is checked against its schema, its headers, and a refusal's code against the document."""

    def beside(self, name: str) -> "V2":
        return V2(self.app, self.client, name)

    async def v2(
        self, method: str, path: str, body: Any = None, *, key: str | None = "test_demo", **more: Any
    ) -> httpx.Response:
        """A call with the key of a documented account; `key` may also be a whole Bearer value, or None."""
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {f'{key}:{KEYS[key]}' if key in KEYS else key}")
        if body is not None:
            more["json"] = body
        answer = await self.call(method, f"{BASE}{path}", headers=headers, **more)
        below = unquote(answer.request.url.path).removeprefix(self.prefix).removeprefix(BASE)
        endpoint = endpoint_of(PROVIDER, method, below)
        judge(PROVIDER, endpoint, answer)
        for name in ("limit", "remaining", "reset"):
            assert answer.headers[f"x-ratelimit-{name}"].isdigit()
        if not answer.is_success and endpoint is not None:
            codes = responses_of(PROVIDER, endpoint)[str(answer.status_code)]["x-codes"]
            assert answer.json()["error"]["code"] in [one["code"] for one in codes]
        return answer

    async def data(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What lies under `data` of an answer that is no refusal."""
        answer = await self.v2(method, path, body, **more)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Status and code of a refusal."""
        answer = await self.v2(method, path, body, **more)
        assert not answer.is_success, answer.text
        return answer.status_code, answer.json()["error"]["code"]

    async def wrong_fields(self, method: str, path: str, body: Any = None, **more: Any) -> set[str]:
        """The fields that a VALIDATION_ERROR names."""
        answer = await self.v2(method, path, body, **more)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR"), answer.text
        return {one["field"] for one in answer.json()["error"]["details"]}

    async def rates(self, operator: int = TELCEL, query: str = "", **more: Any) -> list[dict[str, Any]]:
        """A price list."""
        found: list[dict[str, Any]] = (await self.data("GET", f"/operators/{operator}/rates{query}", **more))["rates"]
        return found

    async def card(self, *, needs_phone: bool = False) -> int:
        """A gift card in Mexico."""
        found = await self.data("GET", "/products/search?country=MX&limit=100")
        cards = [one for one in found if one["type"] == "giftcard" and one["phone_required"] is needs_phone]
        number: int = cards[0]["id_operator"]
        return number

    async def order_body(self, operator: int = TELCEL, *, place: int = 0, **more: Any) -> dict[str, Any]:
        """An order's body at a live price."""
        token = (await self.rates(operator))[place]["token"]
        phone = {} if more.get("phone", PHONE) is None else {"phone": PHONE}
        return {"price_token": token, **phone, **{name: value for name, value in more.items() if value is not None}}

    async def ordered(self, *, key: str = "test_demo", headers: Any = None, **more: Any) -> dict[str, Any]:
        """A new order: the data of its answer."""
        body = await self.order_body(**more)
        data: dict[str, Any] = await self.data("POST", "/orders", body, key=key, headers=headers or {})
        return data

    async def order(self, order_id: str, *, key: str = "test_demo") -> dict[str, Any]:
        """An order as its account reads it."""
        data: dict[str, Any] = await self.data("GET", f"/orders/{order_id}", key=key)
        return data

    async def status(self, order_id: str, *, key: str = "test_demo") -> str:
        """An order's status."""
        word: str = (await self.order(order_id, key=key))["status"]
        return word

    async def balance(self, *, key: str = "test_demo") -> str:
        """What an account holds."""
        held: str = (await self.data("GET", "/balance", key=key))["balance"]
        return held

    async def hook(self, url: str, *, key: str = "test_demo", **more: Any) -> dict[str, Any]:
        """A new webhook, secret included."""
        made: dict[str, Any] = await self.data("POST", "/webhooks", {"url": url, **more}, key=key)
        return made

    async def setting(self, **values: Any) -> None:
        """Set settings of doctorsim_v2."""
        await self.steer("PATCH", "/settings", {f"doctorsim_v2.{name}": value for name, value in values.items()})

    async def push(self, order_id: str, event: str, **given: Any) -> None:
        """Push an order along."""
        await self.steer("POST", f"/orders/doctorsim_v2/{order_id}/events", {"event": event, **given})


@asynccontextmanager
async def v2_running(**settings: Any) -> AsyncIterator[V2]:
    """An app with a judging client; its clock stands still."""
    async with running(**settings) as world:
        yield V2(world.app, world.client)
