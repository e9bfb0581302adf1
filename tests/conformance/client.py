"""A client of one provider in one sandbox, and the sample requests that each provider declares for it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

from mockserver.app import App
from mockserver.http.provider import Endpoint, Provider
from mockserver.sandbox.sandboxes import DEFAULT
from tests.conformance.judge import judge, schema_store
from tests.conformance.wanted import ABSENT, Wanted
from tests.served import missing, samples_module
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

    What proves that scenarios take effect: `placing` are the operations that place orders;
    of those that may be refused as sold out, `unlimited` count no stock. `shaped` makes a request of
    an operation as a rule wants it; without it, values that a rule wants are put into the fields of the request in
    `asks`. `hear` has the account's webhooks sent somewhere, and says what an order must be like for an event; without
    it, the account gets a `webhook_url`. `magic` uses a magic value; without it, the value is put twice into the field
    that its `where` names. `signs` are what shows those values whose text tells no status, code, state or span.
    """

    account: str
    credential: Headers | Callable[[int | str, str], Headers]
    stranger: Headers
    asks: Mapping[str, Callable[["Client"], Awaitable[Ask]]]
    varying: bytes = b"(?!)"
    any_path: frozenset[str] = frozenset()
    shaped: Mapping[str, Callable[["Client", Wanted], Awaitable[Ask]]] = field(default_factory=dict)
    placing: frozenset[str] = frozenset()
    unlimited: frozenset[str] = frozenset()
    hear: Callable[["Client", str], Awaitable[Wanted]] | None = None
    magic: Callable[["Client", str, str], Awaitable[Sequence["Seen"]]] | None = None
    signs: Mapping[str, Callable[[Sequence["Seen"]], bool]] = field(default_factory=dict)

    def credential_in(self, seed: int | str, sandbox: str) -> Headers:
        """The good credential in the sandbox of this seed and name."""
        return self.credential if isinstance(self.credential, Mapping) else self.credential(seed, sandbox)


def with_wanted_fields(provider: Provider, endpoint: Endpoint, ask: Ask, wanted: Wanted, account: str) -> Ask:
    """The request with the values that conditions want in its fields; fails where they are about anything else."""
    for name in wanted.names():
        kind, _, field = name.partition(".")
        if name == "operation" or (name == "account" and wanted.allows(name, account)):
            continue
        if kind != "request" or field not in fields_of(endpoint):
            missing(
                provider, f"shaped[{endpoint.name!r}]", f"no field of the request in `asks` is the {name} of a rule"
            )
        ask = _with_field(ask, field, wanted, in_query=field in _properties(endpoint.query))
    return ask


def fields_of(endpoint: Endpoint) -> Mapping[str, Any]:
    """The schemas of the fields that requests of an endpoint have in their body or query."""
    return {**_properties(endpoint.query), **_properties(endpoint.form), **_properties(endpoint.takes)}


def _properties(schema: str | None) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema_store().load(schema).get("properties", {}) if schema is not None else {}
    return found


def _with_field(ask: Ask, field: str, wanted: Wanted, *, in_query: bool) -> Ask:
    path, _, query = ask.path.partition("?")
    held: Any = dict(parse_qsl(query)) if in_query else ask.body.fields if isinstance(ask.body, Form) else ask.body
    held = dict(held or {})
    value = wanted.pick(f"request.{field}", *([held.pop(field)] if field in held else []), ABSENT)
    if value is not ABSENT:
        held[field] = value
    if in_query:
        return replace(ask, path=f"{path}?{urlencode(held)}")
    return replace(ask, body=Form(held) if isinstance(ask.body, Form) else held)


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
        prepare = self.samples.asks.get(endpoint.name)
        if prepare is None:
            missing(self.provider, f"asks[{endpoint.name!r}]", "each operation needs a request that it accepts")
        ask = await prepare(self)
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
        if shaped is not None:
            return await shaped(self, wanted)
        return with_wanted_fields(self.provider, endpoint, await self.ask(endpoint), wanted, self.samples.account)

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
