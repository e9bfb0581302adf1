"""Writes the answers to a fixed set of calls into a file, to compare two revisions byte for byte.

    python -m tests.transcript before.txt
    (change the code)
    python -m tests.transcript after.txt && cmp before.txt after.txt

Each provider is asked everything under its default scenario and under each bundled one, with faults, webhooks and
time that moves; then the control API tells all it knows of each world. What a run measures in real time is left out.
"""

import asyncio
import re
import sys
from typing import Any, TextIO

import httpx

from mockserver.app import App
from mockserver.config import Settings
from mockserver.http.provider import Provider
from tests.conformance.client import Client
from tests.served import PROVIDERS
from tests.support import World, frozen_settings, started

#: Real time, the machine's own, and tokens signed with real randomness (ECDSA).
_UNSTABLE = re.compile(
    rb'"(?:milliseconds|uptime|version)":[^,}]+|"x-doctorsim-(?:timestamp|signature)":"[^"]*"|eyJ[\w-]+\.[\w-]+\.[\w-]+'
)
_STEPS = ("1s", "10s", "3m", "1h", "2d")
_FAULTS: tuple[dict[str, Any], ...] = (
    {"answer": {"mistake": "RateLimited", "retry_after": "30s"}, "times": 1},
    {"answer": {"status": 503, "body": {"why": "maintenance"}, "headers": {"X-Why": "fault"}}, "times": 1},
    {"delay": "5s", "clock": "sandbox", "times": 1, "chance": 0.5},
    {"webhook": {"duplicate": True}, "times": 1},
)
_TOLD = (
    "/orders",
    "/accounts",
    "/webhooks/deliveries",
    "/inbox/hooks",
    "/requests?limit=1000",
    "/settings",
    "/settings?help=1",
    "/faults",
    "/magic",
    "/scenarios",
    "/scenarios/active",
    "/clock",
    "/state",
    "/fidelity",
    "/openapi.json",
)


class Transcript:
    """Writes each exchange as a block of lines."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def note(self, title: str) -> None:
        """Write a heading."""
        self._out.write(f"\n#### {title}\n")

    async def ask(self, client: Client, method: str, path: str, body: Any = None, **more: Any) -> None:
        """Send one request and write down what comes of it."""
        try:
            self.write(await client.send(method, path, body, **more))
        except httpx.HTTPError as error:
            self._out.write(f"\n>>> {method} {path}\n!!! {type(error).__name__}: {error}\n")

    def write(self, answer: httpx.Response) -> None:
        """Write the request's line, the answer's head and its body."""
        request, body = answer.request, _UNSTABLE.sub(b"~", answer.content)
        head = "".join(f"{name}: {value}\n" for name, value in answer.headers.multi_items() if name != "content-length")
        told = body.decode("utf-8", "backslashreplace").replace("},", "},\n")
        self._out.write(f"\n>>> {request.method} {request.url}\n<<< {answer.status_code}\n{head}{told}\n")


async def _story(transcript: Transcript, client: Client) -> None:
    """Every endpoint accepted, refused and unknown, while time moves."""
    for step in _STEPS:
        for endpoint in client.provider.endpoints:
            try:
                ask = await client.ask(endpoint)
            except (AssertionError, LookupError, TypeError, ValueError, httpx.HTTPError) as error:
                transcript.note(f"{endpoint.name}: cannot be prepared: {type(error).__name__}")
                continue
            await transcript.ask(client, endpoint.method, ask.path, ask.body)
            await transcript.ask(client, endpoint.method, ask.path, ask.body, headers={})
            await transcript.ask(client, "GET", f"{ask.path}/nowhere")
        moved = await client.world.control("POST", "/clock/advance", {"by": step})
        transcript.write(moved)


async def _tell(transcript: Transcript, world: World) -> None:
    """What the control API knows of the world by now."""
    for path in _TOLD:
        transcript.write(await world.control("GET", path))
    found: dict[str, Any] = await world.steer("GET", "/orders")
    for order in found["orders"][:20]:
        place = f"{order['provider']}/{order['id']}"
        transcript.write(await world.control("GET", f"/orders/{place}"))
        transcript.write(await world.control("GET", f"/orders/{place}/explanation"))
    requests: dict[str, Any] = await world.steer("GET", "/requests?limit=20")
    for entry in requests["requests"]:
        transcript.write(await world.control("GET", f"/requests/{entry['id']}"))
        transcript.write(await world.control("GET", f"/requests/{entry['id']}/explanation"))
    accounts: dict[str, Any] = await world.steer("GET", "/accounts")
    for account in accounts["accounts"]:
        transcript.write(await world.control("GET", f"/ledger/{account['provider']}/{account['id']}"))


async def _life(transcript: Transcript, provider: Provider, scenarios: list[str], settings: Settings) -> None:
    """One world of one provider: set up, asked everything, saved, restored, asked again, reset."""
    async with started(App(settings, [provider])) as world:
        client = Client(world, provider)
        transcript.note(f"{provider.name} under {scenarios or 'its default'}")
        transcript.write(await world.control("PUT", "/scenarios/active", scenarios))
        account = f"/accounts/{provider.name}/{client.samples.account}"
        hook = {"webhook_url": f"http://localhost:7460{world.prefix}/_mock/inbox/hooks"}
        transcript.write(await world.control("PATCH", account, hook))
        await _story(transcript, client)
        for fault in _FAULTS:
            transcript.write(await world.control("POST", "/faults", {"provider": provider.name, **fault}))
        await _story(transcript, client)
        await _tell(transcript, world)
        saved = (await world.control("GET", "/state")).json()
        transcript.write(await world.control("PUT", "/state", saved))
        await _tell(transcript, world)
        transcript.write(await world.control("POST", "/reset"))
        await _tell(transcript, world)


async def _per_request(transcript: Transcript, provider: Provider, names: list[str]) -> None:
    """One request's own scenario and fault."""
    async with started(App(frozen_settings(rate_limits="off"), [provider])) as world:
        client = Client(world, provider)
        transcript.note(f"{provider.name}: preferences")
        for name in names:
            for endpoint in client.provider.endpoints:
                try:
                    ask = await client.ask(endpoint)
                except (AssertionError, LookupError, TypeError, ValueError, httpx.HTTPError):
                    continue
                asked = {**client.credential, "Prefer": f"mock-scenario={name}"}
                await transcript.ask(client, endpoint.method, ask.path, ask.body, headers=asked)
        asked = {**client.credential, "Prefer": "mock-fault=RateLimited"}
        ask = await client.ask(client.provider.endpoints[0])
        await transcript.ask(client, "GET", ask.path, headers=asked)
        await world.advance("1h")
        await _tell(transcript, world)


async def write(out: TextIO) -> None:
    """Write the whole transcript."""
    transcript = Transcript(out)
    for provider in PROVIDERS:
        settings = frozen_settings(rate_limits="off")
        async with started(App(settings, [provider])) as world:
            library: dict[str, Any] = await world.steer("GET", "/scenarios")
            names = sorted({one["name"] for one in library["scenarios"] if one["provider"] == provider.name})
        await _life(transcript, provider, [], frozen_settings())
        for name in names:
            await _life(transcript, provider, [name], settings)
        await _per_request(transcript, provider, names)


def main() -> None:
    """Write to the file named on the command line."""
    # A fault's delay in real time changes no byte.
    sleep = asyncio.sleep
    asyncio.sleep = lambda seconds, result=None: sleep(0, result)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        asyncio.run(write(out))


if __name__ == "__main__":
    main()
