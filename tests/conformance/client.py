"""A client of one provider in one sandbox, and the sample requests that each provider declares for it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import httpx

from mockserver.app import App
from mockserver.http.provider import Endpoint, Provider
from mockserver.sandbox.sandboxes import DEFAULT
from tests.conformance.judge import judge
from tests.conformance.wanted import Wanted
from tests.served import samples_module
from tests.support import World, frozen_settings
from tests.ways import served

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """A body that is a form."""

    fields: Mapping[str, str]

    def padded(self, size: int) -> bytes:
        """As it is sent, with a field more that makes it this long."""
        return f"{urlencode(self.fields)}&padding=".encode().ljust(size, b"x")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request below the provider's base URL; `body` is JSON data or a Form; `headers` are another credential's."""

    path: str
    body: Any = None
    headers: Headers | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a request: its answer, and the order that it was about a day later, if it was about any."""

    status: int
    text: str
    mistake: str | None
    order: Mapping[str, Any] | None

    @property
    def outcome(self) -> tuple[int, str | None, str | None]:
        """What tells how it went, without what the dice decide."""
        return self.status, self.mistake, self.order["state"] if self.order is not None else None


@dataclass(frozen=True, slots=True)
class Samples:
    """What the suite needs to know of a provider: `SAMPLES` in `samples/{provider}.py`, or in its own package.

    `credential` and `stranger` are headers: of `account`, and of nobody; the former may depend on a sandbox's
    seed and name. `asks` prepares for each operation
    a request that it accepts, whatever that takes (buying first what is then cancelled). `varying` is a
    pattern of what answers to one request differ in: the request's id, tokens that only one sandbox takes.
    `any_path` are the operations that answer whatever stands in their path.

    What proves that scenarios take effect: `shaped` makes a request of an operation as a rule wants it, `placing` are
    those of them that place orders. `hear` has the account's webhooks sent somewhere, and says what an order must be
    like for an event. `magic` uses a magic value; `signs` are what shows those values whose text tells no status,
    code, state or span.
    """

    account: str
    credential: Headers | Callable[[int | str, str], Headers]
    stranger: Headers
    asks: Mapping[str, Callable[["Client"], Awaitable[Ask]]]
    varying: bytes = b"(?!)"
    any_path: frozenset[str] = frozenset()
    shaped: Mapping[str, Callable[["Client", Wanted], Awaitable[Ask]]] = field(default_factory=dict)
    placing: frozenset[str] = frozenset()
    hear: Callable[["Client", str], Awaitable[Wanted]] | None = None
    magic: Callable[["Client", str, str], Awaitable[Sequence["Seen"]]] | None = None
    signs: Mapping[str, Callable[[Sequence["Seen"]], bool]] = field(default_factory=dict)

    def credential_in(self, seed: int | str, sandbox: str) -> Headers:
        """The good credential in the sandbox of this seed and name."""
        return self.credential if isinstance(self.credential, Mapping) else self.credential(seed, sandbox)


def samples_of(provider: Provider) -> Samples:
    """The samples of a provider."""
    found: Samples = samples_module(provider).SAMPLES
    return found


class Client:
    """Sends what it is told to, with the provider's good credential unless other headers are given."""

    def __init__(self, world: World, provider: Provider) -> None:
        self.world = world
        self.provider = provider
        self.samples = samples_of(provider)
        seed, name = world.app.sandboxes.birth.seed, world.prefix.removeprefix("/~") or DEFAULT
        self.credential = self.samples.credential_in(seed, name)
        mount = provider.mounts[0]
        self.base = f"/{mount.host}{mount.prefix}"

    async def send(
        self, method: str, path: str, body: Any = None, *, headers: Any = None, **more: Any
    ) -> httpx.Response:
        """Any request; `headers` replace the credential."""
        if body is not None:
            more |= {"data": body.fields} if isinstance(body, Form) else {"json": body}
        sent = self.credential if headers is None else headers
        return await self.world.call(method, f"{self.base}{path}", headers=sent, **more)

    async def ask(self, endpoint: Endpoint) -> Ask:
        """A request that the endpoint accepts; that of another way to an operation goes to its own path."""
        ask = await self.samples.asks[endpoint.name](self)
        return replace(ask, path=endpoint.alias + ask.path)

    async def good(self, endpoint: Endpoint) -> httpx.Response:
        """An answer of the endpoint that is no refusal, judged."""
        ask = await self.ask(endpoint)
        answer = await self.send(endpoint.method, ask.path, ask.body)
        assert answer.status_code == endpoint.status, answer.text
        judge(self.provider, endpoint, answer)
        return answer

    async def ask_as_wanted(self, endpoint: Endpoint, wanted: Wanted) -> Ask:
        """A request that a rule with these conditions is about, if the samples can make one."""
        shaped = self.samples.shaped.get(endpoint.name)
        return await shaped(self, wanted) if shaped is not None else await self.ask(endpoint)

    async def sent(self, endpoint: Endpoint, ask: Ask) -> httpx.Response:
        """The answer to a request of an endpoint, whatever it is."""
        return await self.send(endpoint.method, ask.path, ask.body, headers=ask.headers)

    def lasting(self, answer: httpx.Response) -> bytes:
        """The body without what varies."""
        return re.sub(self.samples.varying, b"...", answer.content)

    async def state(self) -> Any:
        """All that a refused request must leave as it is: orders, accounts with their money, deliveries."""
        name, account = self.provider.name, self.samples.account
        paths = (f"/orders?provider={name}", "/accounts", f"/ledger/{name}/{account}", "/webhooks/deliveries")
        return [await self.world.steer("GET", path) for path in paths]

    async def journaled(self, answer: httpx.Response) -> dict[str, Any]:
        """The journal entry of an answer."""
        entry: dict[str, Any] = await self.world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
        return entry


@asynccontextmanager
async def client_of(provider: Provider, **settings: Any) -> AsyncIterator[Client]:
    """A client of a provider that is served alone, without rate limits."""
    async with served(App(frozen_settings(**{"rate_limits": "off", **settings}), [provider])) as world:
        yield Client(world, provider)
