"""Declarations of the control API's operations, and the call and answer that their handlers work with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson

from mockserver.domain.errors import Invalid, NotFound
from mockserver.domain.suggestions import suggestion
from mockserver.events.feed import Feed
from mockserver.http.body import MOST
from mockserver.http.history import History
from mockserver.http.provider import Provider
from mockserver.http.schemas import SchemaStore
from mockserver.journal.budget import Budget
from mockserver.sandbox.config import Population
from mockserver.sandbox.names import DEFAULT
from mockserver.sandbox.place import Place
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.sandboxes import Sandboxes
from mockserver.sandbox.settings import SettingsTable
from mockserver.scenario.check import Judge

#: How deep an answer nests the JSON of a body, and how many brackets a body has at least that orjson (254) refuses.
_DEPTH, _SHALLOW = 10, 200


@dataclass(frozen=True, slots=True)
class Server:
    """What the control API steers: a server's sandboxes, providers and settings.

    `started` is the real time of its start.
    """

    sandboxes: Sandboxes
    providers: Mapping[str, Provider]
    schemas: SchemaStore
    version: str
    started: datetime
    settings: SettingsTable
    judge: Judge
    objection: Callable[[str], Awaitable[str | None]]
    """Returns why no webhook can arrive at a URL, None where one may."""
    populate: Callable[[Sandbox, Population, datetime], Awaitable[History]]
    budget: Budget
    journal_size: int
    feed: Feed
    ca_certificate: Callable[[], Awaitable[bytes]]
    """The certificate of the local CA as PEM, made where there is none."""
    store: str = "memory"
    is_draining: Callable[[], bool] = lambda: False
    """Whether the server accepts its last requests before it stops."""
    checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a scenario file is checked."""


@dataclass(slots=True)
class ControlCall:
    """One call. `origin` is the address that the client used (`http://localhost:7460`), `name` the sandbox's name."""

    server: Server
    name: str
    origin: str
    method: str
    path: str
    path_fields: Mapping[str, str]
    query: Mapping[str, str]
    query_text: str
    headers: Mapping[str, str]
    raw: bytes
    operations: Sequence["Operation"]
    trusted: bool = True
    """Whether the caller may use all of the control API; False for an open operation called without the token."""
    body: Any = None
    token: str | None = field(default=None, repr=False)
    """The control API's token, None where it needs none; kept here so that answers can hide it."""
    _place: Place | None = None

    async def sandbox(self) -> Sandbox:
        """Enter the sandbox that the path names, until `leave`; made on first use.

        Raises NotFound where there is none and the call may not make one.
        """
        if self._place is None:
            if not self.trusted and self.server.sandboxes.known(self.name) is None:
                raise NotFound("sandbox", self.name)
            self._place = await self.server.sandboxes.enter(self.name)
        return self._place.sandbox

    async def leave(self, *, accepted: bool) -> None:
        """Leave the sandbox; one that this call made is kept only where the call was `accepted`."""
        if self._place is not None:
            place, self._place = self._place, None
            await self.server.sandboxes.leave(place, accepted=accepted, steered=self.trusted)

    def query_values(self, name: str) -> list[str]:
        """Return every value of a query parameter that may be repeated."""
        return [value for key, value in parse_qsl(self.query_text, keep_blank_values=True) if key == name]

    def provider(self) -> Provider:
        """Return the provider that the path names; raises NotFound."""
        return known_provider(self.server, self.path_fields["provider"])


class Stream(Protocol):
    """The body of an answer that has no end yet."""

    def parts(self) -> AsyncIterator[bytes]:
        """Yield the parts of the body, until it ends."""
        ...

    def leave(self) -> None:
        """Note that nobody reads any more; may be called again."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer: JSON data (bytes where it is serialised already), or a text with its media type.

    A `stream` is sent in place of the data.
    """

    data: Any
    status: int = 200
    media: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    stream: Stream | None = None


Schema = Mapping[str, Any]
Handler = Callable[[ControlCall], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path under `/_mock`. `takes` and `gives` are JSON Schemas.

    `open` operations need no token. `media` is the body's media type. The handler gets a YAML body unread in `raw`,
    and so a body that `reads` describes, which is not checked. `largest` is the body's limit in bytes. `query` names
    every parameter, each with its description or its schema; others are refused, except where `any_query` is set.
    `produces` are the media types of the answer. `decimals` are the members of the body whose numbers arrive as
    Decimal, exactly as they were written. `never_empty`: the handler refuses an object without members, though
    `takes` allows it.
    """

    method: str
    path: str
    handler: Handler
    name: str
    summary: str
    gives: Schema = field(default_factory=dict)
    takes: Schema | None = None
    query: Mapping[str, str | Schema] = field(default_factory=dict)
    status: int = 200
    media: str = "application/json"
    open: bool = False
    tokenless: bool = False
    """Whether it needs no token either, while Host and Origin are held to the rules of other operations."""
    reads: Schema | None = None
    largest: int = MOST
    verbatim: bool = False
    """Whether the body is kept encoded, whatever its Content-Encoding."""
    any_query: bool = False
    produces: tuple[str, ...] = ("application/json",)
    decimals: tuple[str, ...] = ()
    never_empty: bool = False

    @property
    def needs_body(self) -> bool:
        """Whether a call without a body is always refused."""
        if self.takes is None:
            return self.reads is not None or self.media != "application/json"
        return self.never_empty or "required" in self.takes or self.takes.get("type") == "array"

    @property
    def ignores_body(self) -> bool:
        """Whether the handler reads no body, so that one that says something is refused."""
        return self.takes is None and self.reads is None and self.media == "application/json" and not self.verbatim

    slashes: bool = False
    """Whether a field of the path may hold slashes."""
    endless: bool = False
    """Whether the answer goes on until the client or the server ends it."""
    statuses: tuple[int, ...] = ()
    """Further statuses of successful answers, besides `status`."""


def known_provider(server: Server, name: str) -> Provider:
    """Return the provider of this name; raises NotFound with a suggestion."""
    provider = server.providers.get(name)
    if provider is None:
        raise NotFound("provider", name, hint=f" ({suggestion(name, server.providers)})")
    return provider


def whole_query(call: ControlCall, name: str, *, default: int, most: int) -> int:
    """Return a whole number of the query, from 1 to `most`; raises Invalid."""
    text = call.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise Invalid({name: [f"must be a whole number from 1 to {most}: {text!r}"]})
    return int(text)


def shown_json(body: bytes) -> Any:
    """Return a body's JSON to put it into an answer; None where it is not JSON, or nests too deep for that."""
    try:
        data = orjson.loads(body)
        if body.count(b"[") + body.count(b"{") > _SHALLOW:
            orjson.dumps(_nested(data))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return data


def _nested(data: Any) -> Any:
    """Return the data nested as deep as an answer may put it."""
    for _ in range(_DEPTH):
        data = [data]
    return data


def sandbox_prefix(name: str) -> str:
    """Return the prefix of every path of the sandbox, `/~NAME`; empty for the default sandbox."""
    return "" if name == DEFAULT else f"/~{name}"


def text_schema(description: str, **more: Any) -> dict[str, Any]:
    """Return the schema of a text."""
    return {"type": "string", "description": description, **more}


def object_schema(required: tuple[str, ...] = (), **properties: Schema) -> dict[str, Any]:
    """Return the schema of an object with these members and no others."""
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def list_of(name: str, item: Schema | None = None) -> dict[str, Any]:
    """Return the schema of `{name: [...]}`."""
    return {
        "type": "object",
        "properties": {name: {"type": "array", "items": dict(item or {"type": "object"})}},
        "required": [name],
    }
