"""An app in process, and a client of it that knows the control API."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import httpx

from mockserver.app import App, create_app
from mockserver.config import ClockChoice, Settings

START = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
ORIGIN = "http://localhost:7460"
DAISY = "/daisysim.com/api/v1/virtual"
DEMO = {"Authorization": "Bearer daisy-demo"}


def frozen_settings(**more: Any) -> Settings:
    """A frozen clock at `START`; limits as documented."""
    return Settings(clock=ClockChoice("frozen", Decimal(0)), start=START, **more)


@lru_cache(maxsize=4096)
def _url(path: str) -> httpx.URL | str:
    """Parsed once, not with every request; of two slashes at the beginning httpx itself leaves one."""
    return httpx.URL(f"{ORIGIN}{path}") if path.startswith("/") and not path.startswith("//") else path


class InProcess(httpx.AsyncClient):
    """A client of an app in process."""

    def __init__(self, app: App, transport: httpx.AsyncBaseTransport | None = None) -> None:
        transport = transport or httpx.ASGITransport(app=app, raise_app_exceptions=True)
        super().__init__(transport=transport, base_url=ORIGIN)

    def build_request(self, method: str, url: httpx.URL | str, **more: Any) -> httpx.Request:
        return super().build_request(method, _url(url) if isinstance(url, str) else url, **more)


class World:
    """One sandbox of an app, reached through HTTP in process."""

    def __init__(self, app: App, client: httpx.AsyncClient, name: str = "") -> None:
        self.app = app
        self.client = client
        self.prefix = f"/~{name}" if name else ""

    def beside(self, name: str) -> "World":
        """Another sandbox of the same app."""
        return World(self.app, self.client, name)

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Any request below this sandbox."""
        return await self.client.request(method, f"{self.prefix}{path}", **more)

    async def daisy(
        self, method: str, path: str, body: Any = None, *, key: str | None = "daisy-demo", **more: Any
    ) -> httpx.Response:
        """A DaisySIM call with the demo key."""
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        if body is not None:
            more["json"] = body
        return await self.call(method, f"{DAISY}{path}", headers=headers, **more)

    async def control(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A control call."""
        if body is not None:
            more["json"] = body
        return await self.call(method, f"/_mock{path}", **more)

    async def steer(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """A control call that must succeed; its JSON."""
        answer = await self.control(method, path, body, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def advance(self, by: str) -> dict[str, Any]:
        """Move time."""
        ran: dict[str, Any] = await self.steer("POST", "/clock/advance", {"by": by})
        return ran

    async def price(self, country: int = 6, service: str = "wa") -> float:
        """The lowest live price."""
        answer = await self.daisy("POST", "/prices", {"country": country, "service": service})
        price: float = answer.json()["data"]["tiers"][0]["price"]
        return price

    async def buy(self, country: int = 6, service: str = "wa", **more: Any) -> dict[str, Any]:
        """Buy a number at the lowest live price; the data of the answer."""
        body = {"country": country, "service": service, "price": await self.price(country, service), **more}
        answer = await self.daisy("POST", "/purchase", body)
        assert answer.status_code == 201, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def pages(self, path: str, name: str) -> list[dict[str, Any]]:
        """All rows of a list of the control API, page by page."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            joined = "&" if "?" in path else "?"
            page = await self.steer("GET", f"{path}{joined}limit=1000{after}")
            found += page[name]
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    async def order(self, order_id: str) -> dict[str, Any]:
        """What the control API says of a DaisySIM order."""
        data: dict[str, Any] = await self.steer("GET", f"/orders/daisysim/{order_id}")
        return data


@asynccontextmanager
async def running(settings: Settings | None = None, **more: Any) -> AsyncIterator[World]:
    """An app that is started, and stopped in the end."""
    async with started(create_app(settings or frozen_settings(**more))) as world:
        yield world


@asynccontextmanager
async def started(app: App) -> AsyncIterator[World]:
    """This app, started, and stopped in the end."""
    await app.startup()
    try:
        async with InProcess(app) as client:
            yield World(app, client)
    finally:
        await app.shutdown()


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and machine code of a DaisySIM refusal."""
    body: Mapping[str, Any] = answer.json()
    assert body["success"] is False
    return answer.status_code, body["code"]


class HandTicks:
    """Real nanoseconds that pass only when a test lets them."""

    def __init__(self) -> None:
        self.nanoseconds = 0

    def __call__(self) -> int:
        return self.nanoseconds

    def pass_by(self, *, seconds: float) -> None:
        """Let real time pass."""
        self.nanoseconds += round(seconds * 1_000_000_000)


class HandSeconds:
    """Real seconds that pass only when a test lets them."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        """Let real time pass."""
        self.seconds += seconds


@asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """How long others had to wait for their turn meanwhile, in seconds of this thread's processor time.

    A busy machine does not count, nor does the garbage of other tests.
    """
    waits: list[float] = []

    async def beat() -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            waits.append(time.thread_time() - began)

    gc.collect()
    gc.disable()
    beating = asyncio.ensure_future(beat())
    try:
        yield waits
    finally:
        gc.enable()
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
