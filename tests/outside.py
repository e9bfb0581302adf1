"""An app that serves only the invented provider, for tests that need any provider."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from mockserver.app import App
from mockserver.http.provider import Provider
from tests.distribution import declare
from tests.served import ACME
from tests.support import World, frozen_settings, started

BASE = "/api.acme.example/v1"
DEMO = {"Authorization": "Bearer acme-demo"}


class AcmeWorld(World):
    """One sandbox of an app that serves Acme."""

    def beside(self, name: str) -> "AcmeWorld":
        """Another sandbox of the same app."""
        return AcmeWorld(self.app, self.client, name)

    async def ask(
        self, method: str, path: str, body: Any = None, *, key: str | None = "acme-demo", **more: Any
    ) -> httpx.Response:
        """A call of Acme's with the demo key."""
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        if body is not None:
            more["json"] = body
        return await self.call(method, f"{BASE}{path}", headers=headers, **more)

    async def rent(self, service: str = "chat", *, key: str = "acme-demo") -> str:
        """Rent a number; the id of the order."""
        answer = await self.ask("POST", "/orders", {"service": service}, key=key)
        assert answer.status_code == 201, answer.text
        order: str = answer.json()["id"]
        return order

    async def order(self, order_id: str) -> dict[str, Any]:
        """What the control API says of an order."""
        data: dict[str, Any] = await self.steer("GET", f"/orders/acme/{order_id}")
        return data

    async def push(self, order_id: str, **event: Any) -> Any:
        """Let an event happen to an order, a message unless another is named; the order."""
        return await self.steer("POST", f"/orders/acme/{order_id}/events", {"event": "sms", **event})

    async def send_to(self, url: str | None, account: str = "demo") -> None:
        """Say where the webhooks of an account go."""
        await self.steer("PATCH", f"/accounts/acme/{account}", {"webhook_url": url})


def acme_app(*others: Provider, **settings: Any) -> App:
    """An app that serves Acme, and others where a test needs those, too."""
    return App(frozen_settings(**settings), [*others, ACME])


@asynccontextmanager
async def acme_running(*others: Provider, **settings: Any) -> AsyncIterator[AcmeWorld]:
    """An app that serves Acme, started, and stopped in the end."""
    async with started(acme_app(*others, **settings)) as world:
        yield AcmeWorld(world.app, world.client)


def acme_installed(folder: Path) -> dict[str, str]:
    """The variables of a process in which a distribution declares Acme; its metadata are written to `folder`."""
    root = Path(__file__).parents[1]
    return {"PYTHONPATH": os.pathsep.join((str(root), str(declare(folder, acme="tests.acme:PROVIDER"))))}
